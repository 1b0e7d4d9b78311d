import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { type Clock, type FedvoxError, isFedvoxError } from '@fedvox/base';
import type { CaseRef } from '../datasets/case-ref.js';
import { type CaseClassifier, openCaseClassifier } from '../datasets/classified-cases.js';
import { loadCase } from '../datasets/load-case.js';
import { scanDicomFolder } from '../folder-scan/folder-scan.js';
import type { HeaderProgress } from '../folder-scan/headers/read-headers.js';
import { type LabelMap, orientation, spacingMm, type Volume } from '../geometry/grid.js';
import { type Refusal, refusalOf } from '../refusal.js';
import { extremes } from '../transforms/intensity.js';
import {
  type Candidate,
  dicomCandidates,
  fileCandidates,
  type LabelRules,
  msdCandidates,
  withFilePredictions,
} from './candidates.js';
import { labelFigures, predictionFigures } from './class-figures.js';
import { type PicturePaths, writePictures } from './contact-sheet.js';
import { KeptFindings, type KeptScan, type ScanFindings } from './kept-findings.js';
import { overlappingLabels, type ShownLabel } from './overlapping-labels.js';
import type { InspectReport, PredictionReport, ScanReport } from './report.js';

export interface InspectOptions extends LabelRules {
  /** A folder for a picture of each usable scan, named by its place in the report: `001.png`, … */
  readonly pngFolder?: string;
  /** A folder for a small picture of each usable scan, 160 × 160 pixels: `001-thumbnail.png`, … */
  readonly thumbnailFolder?: string;
  /**
   * A folder that keeps what was found in each scan, its pictures among it, by the scan's content: the next
   * look reads only what is new. In place of `pngFolder` and `thumbnailFolder`; predictions are not shown.
   */
  readonly keptIn?: { readonly folder: string; readonly clock: Clock };
  /** What a job asks of a scan beside its labels: the reason not to use it, if there is one. */
  readonly problemOf?: (ref: CaseRef) => FedvoxError | undefined;
  readonly onProgress?: (done: number, total: number) => void;
  /** As in `openDataset`. */
  readonly indexPath?: string;
  readonly onHeaders?: (progress: HeaderProgress) => void;
}

/**
 * Reads everything in a folder as a data set would, pixels included, and reports on each scan. One
 * scan is in memory at a time; what cannot be read costs one line.
 * @throws FedvoxError `folder-unreadable`
 */
export async function inspectFolder(
  path: string,
  options: InspectOptions = {},
): Promise<InspectReport> {
  const scan = await scanDicomFolder(path, {
    ...(options.indexPath === undefined ? {} : { indexPath: options.indexPath }),
    ...(options.onHeaders === undefined ? {} : { onProgress: options.onHeaders }),
  });
  const dicom = await dicomCandidates(path, scan, options);
  const msd = options.kind === 'dicom' ? NOTHING : await msdCandidates(path, options);
  const unknown = scan.otherFiles.filter((file) => !msd.files.includes(file));
  const volumes = await fileCandidates(path, unknown, options);
  const sources = [dicom, msd, volumes];
  const candidates = withFilePredictions(
    sources.flatMap((source) => source.candidates),
    options,
  );
  const { pngFolder, thumbnailFolder, keptIn } = options;
  for (const pictures of [pngFolder, thumbnailFolder, keptIn?.folder]) {
    if (pictures !== undefined) await mkdir(pictures, { recursive: true });
  }
  const classifier = await classifierOf(path, options);
  const kept = await keptFindings(options);
  const scans: ScanReport[] = [];
  for (const candidate of candidates) {
    const pictures = picturePaths(options, scans.length);
    scans.push(await report(candidate, options, pictures, { classifier, kept }));
    options.onProgress?.(scans.length, candidates.length);
  }
  await kept?.close();
  return {
    path,
    files: scan.files,
    scans,
    refused: [...sources.flatMap((source) => source.refused), ...(classifier?.strays() ?? [])],
    otherFiles: unknown.length - volumes.files.length,
  };
}

async function report(
  candidate: Candidate,
  { problemOf, ofCases = [] }: InspectOptions,
  pictures: PicturePaths,
  { classifier, kept }: Helpers,
): Promise<ScanReport> {
  const { basics, classes, ways } = candidate;
  const refusals: Refusal[] = [];
  let known: Omit<ScanReport, 'usable' | 'trainable'> = { labels: [], warnings: [], ...basics };
  for (const find of ways) {
    try {
      const { ref, warnings } = find();
      known = { ...known, ...geometryOf(ref) };
      const problem = problemOf?.(ref);
      if (problem !== undefined) throw problem;
      const caseClass = classifier && ofCases[await classifier.classOf(ref)];
      const before = [...refusals];
      if (kept !== undefined) {
        const own = await keptReport(await kept.of(ref, classes), ref, candidate, warnings);
        const trainable = ref.hasLabel || caseClass !== undefined;
        return {
          ...{ ...known, ...own, usable: true, trainable },
          ...(caseClass === undefined ? {} : { caseClass }),
          warnings: [...before, ...own.warnings],
        };
      }
      const { image, label } = await loadShown(ref, candidate);
      const shown = await readPrediction(candidate, image, label?.map);
      const { map, report } = shown;
      const names = candidate.prediction?.classes ?? classes;
      await writePictures(pictures, { image, label: label?.map, prediction: map, classes: names });
      return {
        ...known,
        intensity: extremes(image.data),
        labels: label?.figures ?? [],
        ...(report === undefined ? {} : { prediction: report }),
        ...(caseClass === undefined ? {} : { caseClass }),
        usable: true,
        trainable: label !== undefined || caseClass !== undefined,
        warnings: [...before, ...warnings, ...shown.warnings],
        ...pictures,
      };
    } catch (error) {
      refusals.push(refusalOf(basics.what, error));
    }
  }
  return { ...known, usable: false, trainable: false, refusal: refusals[0] as Refusal };
}

interface Helpers {
  readonly classifier: CaseClassifier | undefined;
  readonly kept: KeptFindings | undefined;
}

/** What was found in a scan's voxels before, or is found and kept now. */
async function keptReport(
  { found, keep, pictures }: KeptScan,
  ref: CaseRef,
  candidate: Candidate,
  warnings: readonly Refusal[],
): Promise<ScanFindings & PicturePaths> {
  if (found !== undefined) return { ...found, warnings, ...pictures };
  const { image, label } = await loadShown(ref, candidate);
  await writePictures(pictures, { image, label: label?.map, classes: candidate.classes });
  const findings = { intensity: extremes(image.data), labels: label?.figures ?? [], warnings };
  await keep(findings);
  return { ...findings, ...pictures };
}

async function keptFindings({
  keptIn,
  onHeaders,
}: InspectOptions): Promise<KeptFindings | undefined> {
  if (keptIn === undefined) return undefined;
  const tell = ({ code, message: reason }: FedvoxError) =>
    onHeaders?.({ kind: 'index', code, reason });
  return KeptFindings.open(keptIn.folder, keptIn.clock, tell);
}

/** Overlap matters among a job's classes: where there is none, every label is shown as it is. */
async function loadShown(
  ref: CaseRef,
  { classes, mayOverlap }: Candidate,
): Promise<{ readonly image: Volume; readonly label?: ShownLabel }> {
  try {
    const { image, label } = await loadCase(ref, classes);
    return label === undefined
      ? { image }
      : { image, label: { map: label, figures: labelFigures(label, classes) } };
  } catch (error) {
    if (mayOverlap !== true || !isFedvoxError(error, 'imaging/overlapping-segments')) throw error;
    const { image } = await loadCase({ ...ref, hasLabel: false }, classes);
    return { image, label: await overlappingLabels(ref, classes, image) };
  }
}

/** @throws FedvoxError as `openCaseClassifier` */
async function classifierOf(
  path: string,
  { ofCases, caseClasses, kind = 'dicom', labels = {} }: InspectOptions,
): Promise<CaseClassifier | undefined> {
  if (ofCases === undefined) return undefined;
  return openCaseClassifier({ path, caseClasses, kind, labels }, ofCases);
}

const NOTHING = { candidates: [], refused: [], files: [] };

interface ShownPrediction {
  readonly map?: LabelMap;
  readonly report?: PredictionReport;
  readonly warnings: readonly Refusal[];
}

/** A prediction that cannot be read costs a warning: the scan is as usable as without it. */
async function readPrediction(
  { prediction, basics }: Candidate,
  image: Volume,
  label: LabelMap | undefined,
): Promise<ShownPrediction> {
  if (prediction === undefined) return { warnings: [] };
  const { path, classes, load } = prediction;
  try {
    const map = await load(image);
    const report = { path, classes: predictionFigures(map, classes, label) };
    return { map, report, warnings: [] };
  } catch (error) {
    return { warnings: [refusalOf(basics.what, error)] };
  }
}

function picturePaths(options: InspectOptions, index: number): PicturePaths {
  const { pngFolder, thumbnailFolder } = options;
  const name = String(index + 1).padStart(3, '0');
  return {
    ...(pngFolder === undefined ? {} : { png: join(pngFolder, `${name}.png`) }),
    ...(thumbnailFolder === undefined
      ? {}
      : { thumbnail: join(thumbnailFolder, `${name}-thumbnail.png`) }),
  };
}

function geometryOf({ caseId, modality, grid }: CaseRef): Partial<ScanReport> {
  return {
    caseId,
    ...(modality === undefined ? {} : { modality }),
    shape: grid.shape,
    spacingMm: spacingMm(grid),
    orientation: orientation(grid),
    slices: grid.shape[2],
  };
}
