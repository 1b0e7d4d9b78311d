import { existsSync } from 'node:fs';
import { join, relative, resolve } from 'node:path';
import { FedvoxError, isFedvoxError } from '@fedvox/base';
import { type CaseRef, filesOf } from '../datasets/case.js';
import { caseOfSeries, orphanSegmentations } from '../datasets/dicom-folder.js';
import { loadCase } from '../datasets/load-case.js';
import { openMsd } from '../datasets/msd.js';
import { datasetSpecSchema, type ResolvedDatasetSpec } from '../datasets/spec.js';
import { readDicomHeader } from '../dicom/part10.js';
import {
  type FolderScan,
  type ScannedSeries,
  scanDicomFolder,
  segmentationsOf,
} from '../dicom/scan.js';
import { orientation, spacingMm, voxelMl } from '../geometry/grid.js';
import { readNiftiHeader } from '../nifti/read.js';
import { type Refusal, refusalOf } from '../refusal.js';
import { type LabelNames, type NamedLabel, ownClasses } from '../segmentation/class-names.js';
import { extremes } from '../transforms/intensity.js';
import type { InspectReport, LabelReport, ScanReport } from './report.js';

export interface InspectOptions {
  /** The job's classes, background first. Absent: every label found is its own class. */
  readonly classes?: readonly string[];
  /** The site's names for structures → class names. */
  readonly labels?: LabelNames;
  readonly missingLabels?: 'refuse' | 'empty';
  readonly overlaps?: 'refuse' | 'later-class-wins';
  readonly gantryTilt?: 'refuse' | 'resample';
  readonly onProgress?: (done: number, total: number) => void;
}

/** What one scan needs to be reported: a way to find its case, which may fail by name. */
interface Candidate {
  readonly basics: Pick<ScanReport, 'what' | 'format' | 'slices'> & Partial<ScanReport>;
  readonly classes: readonly string[];
  find(): Promise<CaseRef> | CaseRef;
}

interface Found {
  readonly candidates: readonly Candidate[];
  readonly refused: readonly Refusal[];
  /** Files that are accounted for. */
  readonly files: readonly string[];
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
  const nifti = await niftiCandidates(path, scan.otherFiles, new Set(msd.files));
  const sources = [dicom, msd, nifti];
  const candidates = sources.flatMap((source) => source.candidates);
  const scans: ScanReport[] = [];
  for (const candidate of candidates) {
    scans.push(await report(candidate));
    options.onProgress?.(scans.length, candidates.length);
  }
  const known = new Set(sources.flatMap((source) => source.files));
  return {
    path,
    files: scan.files,
    scans,
    refused: sources.flatMap((source) => source.refused),
    otherFiles: scan.otherFiles.filter((file) => !known.has(file)).length,
  };
}

async function report({ basics, classes, find }: Candidate): Promise<ScanReport> {
  const unknown = { labels: [], warnings: [], ...basics };
  let established: Omit<ScanReport, 'usable'> = unknown;
  try {
    const ref = await find();
    established = { ...unknown, ...geometryOf(ref) };
    const { image, label } = await loadCase(ref, classes);
    const labels = label === undefined ? [] : labelVolumes(label.data, voxelMl(label), classes);
    return { ...established, intensity: extremes(image.data), labels, usable: true };
  } catch (error) {
    return { ...established, usable: false, refusal: refusalOf(basics.what, error) };
  }
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

async function dicomCandidates(
  path: string,
  scan: FolderScan,
  options: InspectOptions,
): Promise<Found> {
  const { overlaps = 'refuse', gantryTilt = 'refuse' } = options;
  const spec = { ...specOf('dicom', path, options), overlaps, gantryTilt };
  const candidates: Candidate[] = [];
  for (const series of scan.series) {
    const classes = options.classes ?? ownClasses(segmentsOf(scan, series), options.labels);
    const need = options.classes === undefined ? 'optional' : 'required';
    candidates.push({
      basics: await seriesBasics(series),
      classes,
      find: () => caseOfSeries(series, scan, spec, classes, need).ref,
    });
  }
  return { candidates, refused: [...scan.refused, ...orphanSegmentations(scan)], files: [] };
}

async function seriesBasics({ what, paths, frames }: ScannedSeries): Promise<Candidate['basics']> {
  const [first] = frames;
  const { attributes } = await readDicomHeader(paths[0] as string);
  const patientId = attributes.text('PatientID');
  return {
    what,
    format: 'dicom',
    slices: frames.length,
    ...(patientId === undefined ? {} : { patientId }),
    ...(first === undefined
      ? {}
      : {
          modality: first.modality,
          shape: [first.format.columns, first.format.rows, frames.length] as const,
        }),
  };
}

async function msdCandidates(path: string, options: InspectOptions): Promise<Found> {
  const manifest = join(path, 'dataset.json');
  if (!existsSync(manifest)) return { candidates: [], refused: [], files: [] };
  try {
    const spec = specOf('msd', path, options);
    const need = options.classes === undefined ? 'optional' : 'required';
    const { cases, refused, classes } = await openMsd(spec, options.classes, need);
    const candidates = cases.map((ref) => ({
      basics: { what: ref.caseId, format: 'nifti' as const, slices: ref.grid.shape[2] },
      classes,
      find: () => ref,
    }));
    return { candidates, refused, files: [manifest, ...cases.flatMap(filesOf)] };
  } catch (error) {
    return { candidates: [], refused: [refusalOf(manifest, error)], files: [manifest] };
  }
}

/** Single NIfTI files, known by their header. Those that only claim to be one are refused. */
async function niftiCandidates(
  root: string,
  paths: readonly string[],
  accounted: ReadonlySet<string>,
): Promise<Found> {
  const candidates: Candidate[] = [];
  const refused: Refusal[] = [];
  const files: string[] = [];
  for (const path of paths) {
    if (accounted.has(path)) continue;
    try {
      const { grid, warnings } = await readNiftiHeader(path);
      files.push(path);
      const what = relative(root, path) || path;
      candidates.push({
        basics: { what, format: 'nifti', slices: grid.shape[2], warnings },
        classes: [],
        find: () => niftiCase(what, resolve(path), grid),
      });
    } catch (error) {
      if (!(error instanceof FedvoxError)) throw error;
      const claimsNifti = /\.nii(\.gz)?$/i.test(path);
      if (!claimsNifti && isNoNifti(error)) continue;
      files.push(path);
      refused.push(refusalOf(path, error));
    }
  }
  return { candidates, refused, files };
}

function isNoNifti(error: FedvoxError): boolean {
  return isFedvoxError(error, 'imaging/not-nifti') || isFedvoxError(error, 'imaging/corrupt-file');
}

function niftiCase(what: string, imagePath: string, grid: CaseRef['grid']): CaseRef {
  return {
    caseId: what,
    modality: undefined,
    grid,
    hasLabel: false,
    source: { kind: 'nifti', imagePath },
  };
}

function specOf<K extends ResolvedDatasetSpec['kind']>(
  kind: K,
  path: string,
  { classes, labels = {}, missingLabels }: InspectOptions,
): Extract<ResolvedDatasetSpec, { kind: K }> {
  const missing = missingLabels ?? (classes === undefined ? 'empty' : 'refuse');
  return datasetSpecSchema.parse({ kind, path, labels, missingLabels: missing }) as Extract<
    ResolvedDatasetSpec,
    { kind: K }
  >;
}

function segmentsOf(scan: FolderScan, series: ScannedSeries): NamedLabel[] {
  return segmentationsOf(scan, series).flatMap(({ segments }) => segments);
}

function labelVolumes(
  data: Uint8Array,
  mlPerVoxel: number,
  classes: readonly string[],
): LabelReport[] {
  const voxels = new Array<number>(256).fill(0);
  for (let at = 0; at < data.length; at++) voxels[data[at] as number]!++;
  return classes
    .map((name, index) => ({ name, voxels: voxels[index] as number }))
    .slice(1)
    .map(({ name, voxels }) => ({ name, voxels, ml: voxels * mlPerVoxel }));
}
