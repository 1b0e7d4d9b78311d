import { sha256 } from '@fedvox/base';
import {
  type FolderScan,
  type ScannedSeries,
  type SegmentationObject,
  scanDicomFolder,
  segmentationsOf,
} from '../dicom/scan.js';
import { assembleSeries, type Stack } from '../dicom/stack.js';
import { fail } from '../errors.js';
import { type Refusal, refusalOf } from '../refusal.js';
import { checkClassesCovered, classesOf } from '../segmentation/class-names.js';
import { placeFrames } from '../segmentation/seg-placement.js';
import { rectangularGrid } from '../transforms/resample.js';
import type { CaseRef, Dataset } from './case.js';
import type { ResolvedDatasetSpec } from './spec.js';

type DicomSpec = Extract<ResolvedDatasetSpec, { kind: 'dicom' }>;

/** Whether a series without a segmentation is a case, as it is for prediction. */
export type LabelNeed = 'required' | 'optional';

/**
 * The cases of a DICOM folder: every series that assembles into a volume, with the segmentations
 * that refer to it.
 * @throws FedvoxError `folder-unreadable`, `no-dicom`
 */
export async function openDicomFolder(
  spec: DicomSpec,
  classes: readonly string[],
  need: LabelNeed,
): Promise<Dataset> {
  const scan = labelSources(await scanDicomFolder(spec.path), spec.predictions);
  const cases: CaseRef[] = [];
  const refused: Refusal[] = [...scan.refused, ...orphanSegmentations(scan)];
  if (scan.series.length === 0 && refused.length === 0) {
    throw fail('no-dicom', { path: spec.path, files: scan.files });
  }
  for (const series of scan.series) {
    try {
      const { ref, alsoRefused } = caseOfSeries(series, scan, spec, classes, need);
      cases.push(ref);
      refused.push(...alsoRefused);
    } catch (error) {
      refused.push(refusalOf(series.what, error));
    }
  }
  cases.sort((a, b) => (a.caseId < b.caseId ? -1 : 1));
  return { cases, refused };
}

/**
 * The case that a series amounts to, with the refusals of what it is used without.
 * @throws FedvoxError for every reason why a series or its label cannot be used
 */
export function caseOfSeries(
  series: ScannedSeries,
  scan: FolderScan,
  spec: DicomSpec,
  classes: readonly string[],
  need: LabelNeed,
): { ref: CaseRef; alsoRefused: Refusal[] } {
  const { what } = series;
  if (series.problem !== undefined) throw series.problem;
  const { stack, stray } = assembleSeries(what, series.frames, spec.volume);
  const isTilted = stack.tiltDegrees > 0;
  if (isTilted && spec.gantryTilt === 'refuse') {
    throw fail('gantry-tilt', { what, degrees: stack.tiltDegrees.toFixed(1) });
  }
  const segs = segmentationsOf(scan, series);
  if (segs.length === 0 && need === 'required') throw fail('label-missing', { what });
  const labels = segs.map((seg) => labelOf(seg, spec, classes));
  if (labels.length > 0) checkClassesCovered(what, labels, classes, spec.missingLabels);
  for (const seg of segs) checkFrameOfReference(what, seg, stack);
  for (const seg of segs) if (seg.kind === 'seg') placeFrames(what, seg, stack);
  const patientKey = stack.frames[0]?.patientKey;
  const ref: CaseRef = {
    caseId: sha256(series.uid).slice(0, 16),
    ...(patientKey === undefined ? {} : { patientKey }),
    modality: stack.frames[0]?.modality,
    grid: isTilted ? rectangularGrid(stack.grid) : stack.grid,
    hasLabel: labels.length > 0,
    source: {
      kind: 'dicom',
      what,
      stack,
      labels: labels.map(({ kind, path, classOf }) => ({ kind, path, classOf })),
      overlaps: spec.overlaps,
      ...(Object.keys(spec.volume).length === 0 ? {} : { volume: spec.volume }),
    },
  };
  const count = stray.length;
  return {
    ref,
    alsoRefused: count === 0 ? [] : [refusalOf(what, fail('stray-slices', { what, count }))],
  };
}

/**
 * A scan without the predictions among its segmentations, unless they are wanted: a model must not
 * learn from what a model drew, which may lie in the archive beside the labels.
 */
export function labelSources(scan: FolderScan, predictions: DicomSpec['predictions']): FolderScan {
  if (predictions === 'use') return scan;
  const isOwn = (object: SegmentationObject) => object.kind === 'seg' && object.isPrediction;
  const own = scan.segmentations.filter(isOwn);
  return {
    ...scan,
    segmentations: scan.segmentations.filter((object) => !isOwn(object)),
    refused: [
      ...scan.refused,
      ...own.map(({ path }) => refusalOf(path, fail('own-prediction', { path }))),
    ],
  };
}

/** Positions mean the same only within one frame of reference (PS3.3 C.7.4.1). */
function checkFrameOfReference(what: string, label: SegmentationObject, { frames }: Stack): void {
  const ofImage = frames[0]?.frameOfReferenceUid;
  const ofLabel =
    label.kind === 'rtstruct' ? label.framesOfReference : [label.frameOfReferenceUid ?? []].flat();
  if (ofImage === undefined || ofLabel.length === 0 || ofLabel.includes(ofImage)) return;
  throw fail('label-other-frame-of-reference', { path: label.path, what });
}

function labelOf(seg: SegmentationObject, spec: DicomSpec, classes: readonly string[]) {
  return {
    kind: seg.kind,
    path: seg.path,
    labels: seg.segments,
    classOf: classesOf(seg.segments, spec.labels, classes),
  };
}

/** Refusals of the segmentations whose series are not here. */
export function orphanSegmentations(scan: FolderScan): Refusal[] {
  const used = new Set(scan.series.flatMap((series) => segmentationsOf(scan, series)));
  return scan.segmentations
    .filter((object) => !used.has(object))
    .map(({ path }) => refusalOf(path, fail('label-other-series', { path })));
}
