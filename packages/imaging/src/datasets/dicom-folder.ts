import { type FedvoxError, sha256 } from '@fedvox/base';
import { readDicom } from '../dicom/part10.js';
import { chosenFrames } from '../dicom/separate-volumes.js';
import { assembleSeries, type Stack } from '../dicom/stack.js';
import { checkRescaled, valueNotices } from '../dicom/stored-values.js';
import { fail } from '../errors.js';
import {
  type FolderScan,
  type ScannedSeries,
  scanDicomFolder,
} from '../folder-scan/folder-scan.js';
import type { HeaderOptions } from '../folder-scan/headers/read-headers.js';
import type { SegmentationObject } from '../folder-scan/headers/scanned-file.js';
import {
  drawnSegments,
  refersToSomething,
  segmentationsOf,
  sharingFrameOfReference,
} from '../folder-scan/references.js';
import { type Refusal, refusalOf } from '../refusal.js';
import { checkClassesCovered, classesOf, unmatched } from '../segmentation/class-names.js';
import { planContours } from '../segmentation/contour-painter.js';
import { checkDeclared } from '../segmentation/declared.js';
import { placeSegmentation } from '../segmentation/seg-placement.js';
import { rectangularGrid } from '../transforms/resample.js';
import type { CaseRef, Dataset } from './case-ref.js';
import {
  type CorrectedSegmentation,
  correctedSegmentations,
  withCorrections,
} from './corrected-labels.js';
import { loadLabel } from './load-case.js';
import type { ResolvedDatasetSpec } from './spec.js';

type DicomSpec = Extract<ResolvedDatasetSpec, { kind: 'dicom' }>;

/**
 * Whether a series without a segmentation is a case, as it is for prediction; `of-cases` looks at no segmentation: what
 * each case is of stands in the site's list.
 */
export type LabelNeed = 'required' | 'optional' | 'of-cases';

/**
 * The cases of a DICOM folder: every series that assembles into a volume, with the segmentations
 * that refer to it.
 * @throws FedvoxError `folder-unreadable`, `no-dicom`
 */
export async function openDicomFolder(
  spec: DicomSpec,
  classes: readonly string[],
  need: LabelNeed,
  headers: HeaderOptions = {},
): Promise<Dataset> {
  const scanned = await withCorrections(
    await scanDicomFolder(spec.path, headers),
    spec.corrections,
  );
  const found = labelSources(scanned, spec.predictions);
  const scan = need === 'of-cases' ? withoutLabels(found) : found;
  const cases: CaseRef[] = [];
  const refused: Refusal[] = [...scan.refused, ...orphanSegmentations(scan)];
  if (scan.series.length === 0 && refused.length === 0) {
    throw fail('no-dicom', { path: spec.path, files: scan.files });
  }
  if (need !== 'of-cases') refused.push(...unmatchedNames(scan, spec));
  for (const series of scan.series) {
    try {
      const { ref, alsoRefused } = caseOfSeries(series, scan, spec, classes, need);
      await checkDrawable(ref, classes);
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
  checkReadable(series, spec.volume);
  const { stack, stray } = assembleSeries(what, series.frames, spec.volume);
  checkRescaled(what, stack.frames, spec.missingRescale);
  const isTilted = stack.tiltDegrees > 0;
  if (isTilted && spec.gantryTilt === 'refuse') {
    throw fail('gantry-tilt', { what, degrees: stack.tiltDegrees.toFixed(1) });
  }
  const drawing = correctedSegmentations(scan, series, spec.labels);
  const segs = drawing.map(({ object }) => object);
  if (segs.length === 0 && need === 'required') throw fail('label-missing', { what });
  const labels = drawing.map((each) => labelOf(each, spec, classes, stack));
  for (const seg of segs) checkFrameOfReference(what, seg, stack);
  if (labels.length > 0) {
    checkClassesCovered(what, labels, spec.labels, classes, spec.missingLabels);
  }
  const notices = [
    ...valueNotices(what, stack.frames, spec.padding),
    ...segs.flatMap((seg) => noticesOf(what, seg, stack)),
    ...drawing.flatMap(({ object: { path }, isCorrection }) =>
      isCorrection ? [fail('label-corrected', { what, path })] : [],
    ),
  ];
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
      labels: labels.map(({ kind, path, classOf, isResampled }) => ({
        kind,
        path,
        classOf,
        ...(isResampled ? { isResampled } : {}),
      })),
      overlaps: spec.overlaps,
      contourGaps: spec.contourGaps,
      padding: spec.padding,
      ...(Object.keys(spec.volume).length === 0 ? {} : { volume: spec.volume }),
    },
  };
  const count = stray.length;
  if (count > 0) notices.push(fail('stray-slices', { what, count }));
  return { ref, alsoRefused: notices.map((notice) => refusalOf(what, notice)) };
}

/** A scan as it is where nobody looks at what was drawn. */
export function withoutLabels(scan: FolderScan): FolderScan {
  return { ...scan, segmentations: [], corrections: [] };
}

/** Asserts that no frame of the volume that is meant, nor one that may be, is bad. */
function checkReadable({ what, frames, bad }: ScannedSeries, choice: DicomSpec['volume']): void {
  const known = bad.map(({ error, dimensions }) => {
    if (dimensions === undefined) throw error;
    return { error, dimensions };
  });
  for (const frame of chosenFrames(what, [...known, ...frames], choice)) {
    if ('error' in frame) throw frame.error;
  }
}

/**
 * Asserts what no header tells of a label: that contours leave no slices out, and that what is resampled
 * lies within its image.
 * @throws FedvoxError as `planContours` and `loadLabel`
 */
async function checkDrawable(ref: CaseRef, classes: readonly string[]): Promise<void> {
  const { source } = ref;
  if (source.kind !== 'dicom') return;
  const { what, stack, labels, contourGaps } = source;
  for (const { kind, path, classOf } of labels) {
    if (kind === 'rtstruct') planContours(what, await readDicom(path), stack, classOf, contourGaps);
  }
  const resampled = labels.filter(({ isResampled }) => isResampled === true);
  if (resampled.length === 0) return;
  await loadLabel({ ...ref, source: { ...source, labels: resampled } }, classes, ref.grid);
}

/** What a label is used in spite of. */
function noticesOf(what: string, seg: SegmentationObject, stack: Stack): FedvoxError[] {
  if (seg.kind !== 'seg') return [];
  const { path } = seg;
  const { ownGrid } = placeSegmentation(what, seg, stack);
  return [
    ...(ownGrid === undefined ? [] : [fail('label-resampled', { path })]),
    ...(seg.isByteAligned ? [fail('label-byte-aligned', { path })] : []),
  ];
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
    label.kind === 'rtstruct'
      ? [...label.framesOfReference, ...label.frameOfReferenceOf.values()]
      : label.framesOfReference;
  if (ofImage === undefined || ofLabel.length === 0 || ofLabel.includes(ofImage)) return;
  throw fail('label-other-frame-of-reference', { path: label.path, what });
}

function labelOf(
  { object: seg, isCorrection, replaced }: CorrectedSegmentation,
  spec: DicomSpec,
  classes: readonly string[],
  stack: Stack,
) {
  const { kind, path, segments } = seg;
  checkDeclared(path, segments, seg.drawn);
  const labels = drawnSegments(seg, stack.frames[0]?.frameOfReferenceUid);
  const isResampled =
    seg.kind === 'seg' && placeSegmentation(path, seg, stack).ownGrid !== undefined;
  const classOf = classesOf(labels, isCorrection ? {} : spec.labels, classes);
  const own = labels.map((label) => {
    return [label.value, replaced(label) ? 0 : (classOf.get(label.value) ?? 0)] as const;
  });
  return {
    kind,
    path,
    labels,
    undrawn: segments
      .filter((segment) => !labels.includes(segment))
      .map(({ name, value }) => ({
        name,
        why: seg.drawn.has(value) ? 'in another frame of reference' : 'named, but not drawn',
      })),
    classOf: new Map(own),
    isResampled,
  };
}

/** What is said of names in `labels` that no segment of the folder has. */
export function unmatchedNames(
  { segmentations }: FolderScan,
  { path, labels }: DicomSpec,
): Refusal[] {
  return unmatched(
    path,
    labels,
    segmentations.flatMap(({ segments }) => segments),
  );
}

/** Refusals of the segmentations whose series are not here. */
export function orphanSegmentations(scan: FolderScan): Refusal[] {
  const used = new Set(scan.series.flatMap((series) => segmentationsOf(scan, series)));
  return scan.segmentations
    .filter((object) => !used.has(object))
    .map((object) => {
      const { path } = object;
      if (refersToSomething(object)) return refusalOf(path, fail('label-other-series', { path }));
      const sharing = sharingFrameOfReference(scan, object).length;
      return refusalOf(path, fail('label-no-reference', { path, sharing }));
    });
}
