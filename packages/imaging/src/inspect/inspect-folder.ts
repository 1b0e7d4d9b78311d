import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { CaseRef } from '../datasets/case.js';
import { loadCase } from '../datasets/load-case.js';
import { scanDicomFolder } from '../dicom/scan.js';
import { type LabelMap, orientation, spacingMm, voxelMl } from '../geometry/grid.js';
import { type Refusal, refusalOf } from '../refusal.js';
import { extremes } from '../transforms/intensity.js';
import {
  type Candidate,
  dicomCandidates,
  fileCandidates,
  type LabelRules,
  msdCandidates,
} from './candidates.js';
import { writeContactSheet } from './contact-sheet.js';
import type { InspectReport, LabelReport, ScanReport } from './report.js';

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
  const volumes = await fileCandidates(path, unknown);
  const sources = [dicom, msd, volumes];
  const candidates = sources.flatMap((source) => source.candidates);
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
      if (png !== undefined) await writeContactSheet(png, image, label);
      return {
        ...known,
        intensity: extremes(image.data),
        labels: label === undefined ? [] : labelVolumes(label, classes),
        usable: true,
        warnings: [...refusals.map(({ reason }) => reason), ...warnings],
        ...(png === undefined ? {} : { png }),
      };
    } catch (error) {
      refusals.push(refusalOf(basics.what, error));
    }
  }
  return { ...known, usable: false, refusal: refusals[0] as Refusal };
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

function labelVolumes(label: LabelMap, classes: readonly string[]): LabelReport[] {
  const voxels = new Array<number>(256).fill(0);
  for (let at = 0; at < label.data.length; at++) voxels[label.data[at] as number]!++;
  const mlPerVoxel = voxelMl(label);
  return classes
    .map((name, index) => ({ name, voxels: voxels[index] as number }))
    .slice(1)
    .map((each) => ({ ...each, ml: each.voxels * mlPerVoxel }));
}
