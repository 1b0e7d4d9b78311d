import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { CaseRef } from '../datasets/case.js';
import { loadCase } from '../datasets/load-case.js';
import { scanDicomFolder } from '../dicom/scan.js';
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
import { writeContactSheet } from './contact-sheet.js';
import type { InspectReport, PredictionReport, ScanReport } from './report.js';

export interface InspectOptions extends LabelRules {
  /** A folder for a picture of each usable scan, named by its place in the report: `001.png`, … */
  readonly pngFolder?: string;
  readonly onProgress?: (done: number, total: number) => void;
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
  const scan = await scanDicomFolder(path);
  const dicom = await dicomCandidates(path, scan, options);
  const msd = await msdCandidates(path, options);
  const unknown = scan.otherFiles.filter((file) => !msd.files.includes(file));
  const volumes = await fileCandidates(path, unknown, options);
  const sources = [dicom, msd, volumes];
  const candidates = withFilePredictions(
    sources.flatMap((source) => source.candidates),
    options,
  );
  if (options.pngFolder !== undefined) await mkdir(options.pngFolder, { recursive: true });
  const scans: ScanReport[] = [];
  for (const candidate of candidates) {
    scans.push(await report(candidate, pngPath(options, scans.length)));
    options.onProgress?.(scans.length, candidates.length);
  }
  return {
    path,
    files: scan.files,
    scans,
    refused: sources.flatMap((source) => source.refused),
    otherFiles: unknown.length - volumes.files.length,
  };
}

async function report(candidate: Candidate, png: string | undefined): Promise<ScanReport> {
  const { basics, classes, ways } = candidate;
  const refusals: Refusal[] = [];
  let known: Omit<ScanReport, 'usable'> = { labels: [], warnings: [], ...basics };
  for (const find of ways) {
    try {
      const { ref, warnings } = find();
      known = { ...known, ...geometryOf(ref) };
      const { image, label } = await loadCase(ref, classes);
      const shown = await readPrediction(candidate, image, label);
      const { map, report } = shown;
      const names = candidate.prediction?.classes ?? classes;
      if (png !== undefined) {
        await writeContactSheet(png, { image, label, prediction: map, classes: names });
      }
      return {
        ...known,
        intensity: extremes(image.data),
        labels: label === undefined ? [] : labelFigures(label, classes),
        ...(report === undefined ? {} : { prediction: report }),
        usable: true,
        warnings: [...refusals.map(({ reason }) => reason), ...warnings, ...shown.warnings],
        ...(png === undefined ? {} : { png }),
      };
    } catch (error) {
      refusals.push(refusalOf(basics.what, error));
    }
  }
  return { ...known, usable: false, refusal: refusals[0] as Refusal };
}

interface ShownPrediction {
  readonly map?: LabelMap;
  readonly report?: PredictionReport;
  readonly warnings: readonly string[];
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
    return { warnings: [refusalOf(basics.what, error).reason] };
  }
}

function pngPath({ pngFolder }: InspectOptions, index: number): string | undefined {
  if (pngFolder === undefined) return undefined;
  return join(pngFolder, `${String(index + 1).padStart(3, '0')}.png`);
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
