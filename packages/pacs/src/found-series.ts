import { countOf, type DicomJson, isUid, TAG, textOf } from './dicom-json.js';

export interface SeriesKey {
  readonly studyUid: string;
  readonly seriesUid: string;
}

/** A series as an archive describes it. The description may hold what people typed: site only. */
export interface FoundSeries extends SeriesKey {
  readonly modality: string;
  readonly description: string;
  /** NumberOfSeriesRelatedInstances, where the archive says. */
  readonly instanceCount: number | undefined;
}

/** Undefined where a UID is missing or is none. */
export function foundSeries(attributes: DicomJson, studyUid?: string): FoundSeries | undefined {
  const study = textOf(attributes, TAG.studyUid) ?? studyUid;
  const series = textOf(attributes, TAG.seriesUid);
  if (!isUid(study) || !isUid(series)) return undefined;
  return {
    studyUid: study,
    seriesUid: series,
    modality: textOf(attributes, TAG.modality) ?? '',
    description: textOf(attributes, TAG.seriesDescription) ?? '',
    instanceCount: countOf(attributes, TAG.instanceCount),
  };
}

/** The order of their UIDs. */
export function bySeries(a: SeriesKey, b: SeriesKey): number {
  return compare(a.studyUid, b.studyUid) || compare(a.seriesUid, b.seriesUid);
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
