import { existsSync } from 'node:fs';
import { join, relative } from 'node:path';
import { type FedvoxError, isFedvoxError } from '@fedvox/base';
import type { CaseRef } from '../datasets/case-ref.js';
import { filesOf } from '../datasets/content-key.js';
import { correctedSegmentations, withCorrections } from '../datasets/corrected-labels.js';
import {
  caseOfSeries,
  type LabelNeed,
  labelSources,
  orphanSegmentations,
  unmatchedNames,
  withoutLabels,
} from '../datasets/dicom-folder.js';
import { fileImage } from '../datasets/file-image.js';
import { openMsd } from '../datasets/msd.js';
import { datasetSpecSchema, type ResolvedDatasetSpec } from '../datasets/spec.js';
import { readDicomHeader } from '../dicom/part10.js';
import type { VolumeChoice } from '../dicom/separate-volumes.js';
import { fail } from '../errors.js';
import { type FolderScan, isNoVolume, type ScannedSeries } from '../folder-scan/folder-scan.js';
import { drawnSegments } from '../folder-scan/references.js';
import { errorOfCase, type Refusal, refusalOf } from '../refusal.js';
import { type LabelNames, ownClasses } from '../segmentation/class-names.js';
import { isVolumeName } from '../volume-files/volume-file.js';
import { foreignFormat, isVoxelsOfPair } from './foreign-format.js';
import { archiveKind } from './packed-archive.js';
import {
  type FoundPrediction,
  filePrediction,
  filePredictions,
  seriesPrediction,
} from './predictions.js';
import type { ScanReport } from './report.js';

/** How a folder's labels are to be understood. */
export interface LabelRules {
  /** The job's classes, background first. Absent: every label found is its own class. */
  readonly classes?: readonly string[];
  /**
   * The kind of data set that a training would read here: what it does not read is then not usable, nor is
   * what has no label. Absent: whatever can be read is.
   */
  readonly kind?: ResolvedDatasetSpec['kind'];
  /** Only the cases that dataset.json gives to this site. */
  readonly site?: string;
  /** The site's names for structures → class names. */
  readonly labels?: LabelNames;
  /** The classes of a job that classifies cases; where they stand is then `caseClasses`, and no label is looked at. */
  readonly ofCases?: readonly string[];
  readonly caseClasses?: ResolvedDatasetSpec['caseClasses'];
  readonly missingLabels?: 'refuse' | 'empty';
  readonly overlaps?: 'refuse' | 'later-class-wins';
  readonly contourGaps?: 'refuse' | 'keep' | 'fill';
  readonly missingRescale?: 'refuse' | 'stored-values';
  readonly padding?: 'air' | 'keep';
  readonly gantryTilt?: 'refuse' | 'resample';
  readonly conflictingGeometry?: 'use-sform' | 'refuse';
  readonly predictions?: 'refuse' | 'use';
  readonly volume?: VolumeChoice;
  /** A folder with labels that a person corrected. */
  readonly corrections?: string;
  /** A folder of NIfTI label maps that a model predicted, each at its scan's place: `CASE.nii.gz`. */
  readonly predictedFolder?: string;
}

/** A scan to report on: what is known before its case is found, which may fail by name. */
export interface Candidate {
  readonly basics: Pick<ScanReport, 'what' | 'format' | 'slices'> & Partial<ScanReport>;
  readonly classes: readonly string[];
  /** Ways to its case, the best first: with its label, then without where no job needs one. */
  readonly ways: readonly (() => FoundCase)[];
  /** Classes may share voxels: no job has to tell them apart. */
  readonly mayOverlap?: boolean;
  /** What a model predicted of it, to be shown beside its label. */
  readonly prediction?: FoundPrediction | undefined;
  /** A case of files, whose prediction is found by its place. */
  readonly fileRef?: CaseRef;
}

export interface FoundCase {
  readonly ref: CaseRef;
  readonly warnings: readonly Refusal[];
}

export interface Found {
  readonly candidates: readonly Candidate[];
  readonly refused: readonly Refusal[];
  /** Files that are accounted for. */
  readonly files: readonly string[];
}

export async function dicomCandidates(
  path: string,
  found: FolderScan,
  rules: LabelRules,
): Promise<Found> {
  const { overlaps = 'refuse', gantryTilt = 'refuse', predictions = 'refuse', volume = {} } = rules;
  const { contourGaps = 'refuse', missingRescale = 'refuse', padding = 'air' } = rules;
  const given = { overlaps, contourGaps, missingRescale, padding, gantryTilt, predictions, volume };
  const spec = { ...specOf('dicom', path, rules), ...given };
  const need = needOf(rules);
  const labelled = await withCorrections(labelSources(found, predictions), rules.corrections);
  const scan = need === 'of-cases' ? withoutLabels(labelled) : labelled;
  const candidates: Candidate[] = [];
  const objects: Refusal[] = [];
  for (const series of scan.series) {
    if (isNoVolume(series)) {
      objects.push(...series.bad.slice(0, 1).map(({ error }) => refusalOf(series.what, error)));
      continue;
    }
    const frameOfReference = series.frames[0]?.frameOfReferenceUid;
    const drawing = correctedSegmentations(scan, series, rules.labels ?? {});
    const segments = drawing.flatMap(({ object }) => drawnSegments(object, frameOfReference));
    const classes = rules.classes ?? ownClasses(segments, rules.labels);
    const prediction = seriesPrediction(series, found, spec, classes);
    const find = (from: FolderScan) => (): FoundCase => {
      const { ref, alsoRefused } = caseOfSeries(series, from, spec, classes, need);
      return { ref, warnings: alsoRefused };
    };
    const ways = need === 'optional' ? [find(scan), find(withoutLabels(scan))] : [find(scan)];
    const basics = await seriesBasics(series);
    candidates.push({
      basics,
      classes,
      ways: rules.kind === 'msd' ? [notACase(basics.what)] : ways,
      mayOverlap: rules.classes === undefined,
      prediction,
    });
  }
  const refused = [
    ...scan.refused,
    ...objects,
    ...orphanSegmentations(scan),
    ...(need === 'of-cases' ? [] : unmatchedNames(scan, spec)),
  ];
  return { candidates, refused, files: [] };
}

/** Training reads either series or what a dataset.json lists. */
function notACase(what: string): () => FoundCase {
  return () => {
    throw fail('not-a-case', { what });
  };
}

/** What the first header of a series says; the patient's identity is for this report alone. */
async function seriesBasics({
  uid,
  what,
  paths,
  frames,
}: ScannedSeries): Promise<Candidate['basics']> {
  const { attributes } = await readDicomHeader(paths[0] as string);
  const patientId = attributes.words('PatientID');
  const seriesNumber = attributes.words('SeriesNumber');
  const seriesDescription = attributes.words('SeriesDescription');
  const [first] = frames;
  return {
    what,
    format: 'dicom',
    slices: frames.length,
    seriesUid: uid,
    ...(seriesNumber === undefined ? {} : { seriesNumber }),
    ...(seriesDescription === undefined ? {} : { seriesDescription }),
    ...(patientId === undefined ? {} : { patientId }),
    ...(first === undefined
      ? {}
      : {
          modality: first.modality,
          shape: [first.format.columns, first.format.rows, frames.length] as const,
        }),
  };
}

/** The cases of a Decathlon folder, if the folder is one. */
export async function msdCandidates(path: string, rules: LabelRules): Promise<Found> {
  const manifest = join(path, 'dataset.json');
  if (!existsSync(manifest)) return { candidates: [], refused: [], files: [] };
  try {
    const { gantryTilt = 'refuse', conflictingGeometry = 'use-sform', site } = rules;
    const { corrections } = rules;
    const given = {
      gantryTilt,
      conflictingGeometry,
      corrections,
      ...(site === undefined ? {} : { site }),
    };
    const spec = { ...specOf('msd', path, rules), ...given };
    const { cases, refused, classes, listed } = await openMsd(spec, rules.classes, needOf(rules));
    // What a case is used in spite of is said of it, and is no reason not to use it.
    const noticesOf = (ref: CaseRef) =>
      refused.filter(({ what }) => filesOf(ref)[0] === join(path, what));
    const candidates = cases.map((ref): Candidate => {
      const basics = { what: ref.caseId, format: 'nifti', slices: ref.grid.shape[2] } as const;
      const warnings = noticesOf(ref);
      return { basics, classes, ways: [() => ({ ref, warnings })], fileRef: ref };
    });
    const notices = new Set(cases.flatMap(noticesOf));
    return {
      candidates,
      refused: refused.filter((refusal) => !notices.has(refusal)),
      files: [manifest, ...listed, ...cases.flatMap(filesOf)],
    };
  } catch (error) {
    return { candidates: [], refused: [refusalOf(manifest, error)], files: [manifest] };
  }
}

/** Single NIfTI and NRRD files, known by their header. Those that only claim to be one are refused. */
export async function fileCandidates(
  root: string,
  paths: readonly string[],
  rules: LabelRules,
): Promise<Found> {
  const candidates: Candidate[] = [];
  const refused: Refusal[] = [];
  const files: string[] = [];
  for (const path of paths) {
    try {
      const { format, grid, source, conflict, ...image } = await fileImage(path, rules);
      files.push(path);
      const what = relative(root, path) || path;
      const ref: CaseRef = { caseId: what, modality: undefined, grid, hasLabel: false, source };
      const found = [...image.warnings, ...(conflict === undefined ? [] : [conflict])];
      const warnings = found.map((warning) => refusalOf(what, warning));
      candidates.push({
        basics: { what, format, slices: grid.shape[2] },
        classes: [],
        ways: [rules.kind === undefined ? () => ({ ref, warnings }) : notACase(what)],
        fileRef: ref,
      });
    } catch (error) {
      const refusal = await foreignRefusal(path, errorOfCase(path, error));
      if (refusal !== undefined || isVoxelsOfPair(path)) files.push(path);
      if (refusal === undefined) continue;
      refused.push(refusalOf(path, refusal));
    }
  }
  return { candidates, refused, files };
}

/** The scans with what a model predicted of each, where a folder of that is given. */
export function withFilePredictions(
  candidates: readonly Candidate[],
  { predictedFolder, classes }: LabelRules,
): readonly Candidate[] {
  if (predictedFolder === undefined) return candidates;
  const refs = candidates.flatMap(({ fileRef }) => (fileRef === undefined ? [] : [fileRef]));
  const paths = filePredictions(predictedFolder, refs);
  return candidates.map((candidate) => {
    const { fileRef } = candidate;
    const path = fileRef === undefined ? undefined : paths.get(fileRef);
    if (fileRef === undefined || path === undefined) return candidate;
    const ofLabel = candidate.classes.length > 0 ? candidate.classes : (classes ?? []);
    return { ...candidate, prediction: filePrediction(path, fileRef, ofLabel) };
  });
}

/** What a file is refused for that is no volume: nothing, where it does not claim to be one or hide one. */
async function foreignRefusal(path: string, error: FedvoxError): Promise<FedvoxError | undefined> {
  if (isVolumeName(path) || !isForeign(error)) return error;
  const foreign = await foreignFormat(path);
  if (foreign !== undefined) return fail('foreign-format', { path, ...foreign });
  if (isVoxelsOfPair(path)) return undefined;
  const kind = await archiveKind(path);
  return kind === undefined ? undefined : fail('archive', { path, kind });
}

/** Some other file, or a compressed one with something else inside. */
function isForeign(error: FedvoxError): boolean {
  return isFedvoxError(error, 'imaging/not-nifti') || isFedvoxError(error, 'imaging/corrupt-file');
}

/** Where nobody trains nobody needs a label. */
function needOf({ classes, kind, ofCases }: LabelRules): LabelNeed {
  if (ofCases !== undefined) return 'of-cases';
  return classes === undefined && kind === undefined ? 'optional' : 'required';
}

function specOf<K extends ResolvedDatasetSpec['kind']>(
  kind: K,
  path: string,
  { classes, labels = {}, missingLabels }: LabelRules,
): Extract<ResolvedDatasetSpec, { kind: K }> {
  const missing = missingLabels ?? (classes === undefined ? 'empty' : 'refuse');
  const spec = datasetSpecSchema.parse({ kind, path, labels, missingLabels: missing });
  return spec as Extract<ResolvedDatasetSpec, { kind: K }>;
}
