import { basename, dirname, join, relative } from 'node:path';
import { fail } from '../errors.js';
import {
  type FolderScan,
  isNoVolume,
  type ScannedSeries,
  scanDicomFolder,
} from '../folder-scan/folder-scan.js';
import type { HeaderOptions } from '../folder-scan/headers/read-headers.js';
import { type Refusal, refusalOf } from '../refusal.js';
import { isVolumeName, withoutVolumeEnding } from '../volume-files/volume-file.js';
import type { CaseRef } from './case-ref.js';
import { caseOfSeries, withoutLabels } from './dicom-folder.js';
import { type FileRules, fileImage } from './file-image.js';
import { caseIdOf } from './listed-cases.js';
import { MANIFEST_NAME, type Manifest, readManifest } from './msd-manifest.js';
import { type DatasetSpec, datasetSpecSchema } from './spec.js';

/** What a site says of its scans, as it does of a data set's: of series and of files, each where it applies. */
export type ScanRules = FileRules &
  Partial<
    Omit<Extract<DatasetSpec, { kind: 'dicom' }>, 'kind' | 'path' | 'labels' | 'missingLabels'>
  >;

/** A scan to predict on: nobody looks at its label. */
export interface FoundScan {
  /** How a person recognises it. */
  readonly what: string;
  /**
   * Where it lies under the path that was given, without an ending, and never beyond: `sub-01/anat/T1w`; a series
   * by its folder and its UID.
   */
  readonly place: string;
  readonly format: 'dicom' | 'nifti' | 'nrrd';
  readonly ref: CaseRef;
  /** What it is used in spite of. */
  readonly notices: readonly Refusal[];
}

export interface FoundScans {
  readonly scans: readonly FoundScan[];
  /** What may be a scan, and why it cannot be used. */
  readonly refused: readonly Refusal[];
}

/**
 * Every scan of a path, by its header: DICOM series, NIfTI and NRRD files, but for those that a dataset.json lists
 * as labels. One that is refused costs none of the others.
 * @throws FedvoxError `folder-unreadable`, `not-msd`; `no-scan` where there is nothing that could be one
 */
export async function findScans(
  path: string,
  rules: ScanRules = {},
  headers: HeaderOptions = {},
): Promise<FoundScans> {
  const scan = await scanDicomFolder(path, headers);
  const scans: FoundScan[] = [];
  const refused: Refusal[] = [...scan.unreadable];
  const take = async (what: string, find: () => FoundScan | Promise<FoundScan>) => {
    try {
      scans.push(await find());
    } catch (error) {
      refused.push(refusalOf(what, error));
    }
  };
  for (const series of scan.series.filter((each) => !isNoVolume(each))) {
    await take(series.what, () => seriesScan(scan, series, rules));
  }
  const listed = scan.otherFiles.includes(join(path, MANIFEST_NAME))
    ? listedFiles(path, await readManifest(path))
    : NOTHING_LISTED;
  for (const file of scan.otherFiles.filter(isVolumeName)) {
    if (listed.labels.has(file)) continue;
    const what = relative(path, file) || path;
    const place =
      listed.places.get(file) ?? withoutVolumeEnding(relative(path, file) || basename(path));
    await take(what, () => fileScan(file, what, place, rules));
  }
  if (scans.length + refused.length === 0) throw fail('no-scan', { path, files: scan.files });
  return { scans, refused };
}

/**
 * The only usable scan of a path.
 * @throws FedvoxError as `findScans`; why a file alone is refused; `not-one-series` with every refusal of a folder
 */
export async function findOnlyScan(path: string, rules: ScanRules = {}): Promise<FoundScan> {
  if (isVolumeName(path)) {
    return fileScan(path, path, withoutVolumeEnding(basename(path)), rules);
  }
  const { scans, refused } = await findScans(path, rules);
  const [only] = scans;
  if (only !== undefined && scans.length === 1) return only;
  throw fail('not-one-series', {
    path,
    count: scans.length,
    refused: refused.map(({ code, reason }) => `${reason} (${code})`).join('; ') || 'none',
  });
}

/** PS3.5 9.1. */
const UID = /^\d+(\.\d+)*$/;

function seriesScan(scan: FolderScan, series: ScannedSeries, rules: ScanRules): FoundScan {
  const { conflictingGeometry: _, ...ofSeries } = rules;
  const spec = datasetSpecSchema.options[0].parse({
    ...ofSeries,
    kind: 'dicom',
    path: scan.root,
    missingLabels: 'empty',
  });
  const { ref, alsoRefused } = caseOfSeries(series, withoutLabels(scan), spec, [], 'optional');
  const folder = relative(scan.root, dirname(series.paths[0] as string));
  // What stands for a UID may be a path that leads elsewhere.
  const name = UID.test(series.uid) ? series.uid : ref.caseId;
  const isFile = folder.startsWith('..'); // the path is that of the series' one file
  const place = isFile ? name : join(folder, name);
  return { what: series.what, place, format: 'dicom', ref, notices: alsoRefused };
}

async function fileScan(
  path: string,
  what: string,
  place: string,
  rules: ScanRules,
): Promise<FoundScan> {
  const { format, grid, source, conflict } = await fileImage(path, rules);
  const ref: CaseRef = { caseId: what, modality: undefined, grid, hasLabel: false, source };
  const notices = conflict === undefined ? [] : [refusalOf(what, conflict)];
  return { what, place, format, ref, notices };
}

interface Listed {
  readonly labels: ReadonlySet<string>;
  /** What a listed image goes by. */
  readonly places: ReadonlyMap<string, string>;
}

const NOTHING_LISTED: Listed = { labels: new Set(), places: new Map() };

/** By path. */
function listedFiles(folder: string, { training }: Manifest): Listed {
  const labels = training.flatMap(({ label }) =>
    label === undefined ? [] : [join(folder, label)],
  );
  const places = training.map((entry) => [join(folder, entry.image), caseIdOf(entry)] as const);
  return { labels: new Set(labels), places: new Map(places) };
}
