import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { sha256File } from '@fedvox/base/system';
import {
  type FolderScan,
  type ScannedSeries,
  scanDicomFolder,
} from '../folder-scan/folder-scan.js';
import type { SegmentationObject } from '../folder-scan/headers/scanned-file.js';
import { segmentationsOf } from '../folder-scan/references.js';
import { filesUnder } from '../folder-scan/walk.js';
import { className, type LabelNames, type NamedLabel } from '../segmentation/class-names.js';

const FILE_ENDING = '.nii.gz';
/** Of a scan's digest, in the name of the file. */
const DIGEST_LENGTH = 16;

/**
 * A scan with the segmentations that correct its own. They lie in a folder of the site's, whose scans and labels are
 * never written to: a corrected SEG takes the place of the classes that it draws in its series, a corrected file that of
 * its case's label, as long as the scan is the one that it was drawn on.
 * @throws FedvoxError `folder-unreadable`
 */
export async function withCorrections(
  scan: FolderScan,
  folder: string | undefined,
): Promise<FolderScan> {
  if (folder === undefined || !existsSync(folder)) return scan;
  const { segmentations } = await scanDicomFolder(folder);
  return { ...scan, corrections: segmentations.filter(({ kind }) => kind === 'seg') };
}

/** A segmentation of a series, and which of its segments another one stands for. */
export interface CorrectedSegmentation {
  readonly object: SegmentationObject;
  readonly isCorrection: boolean;
  readonly replaced: (segment: NamedLabel) => boolean;
}

/** What draws a series: the corrections, the last one first, then what they leave of its own segmentations. */
export function correctedSegmentations(
  scan: FolderScan,
  series: ScannedSeries,
  names: LabelNames,
): CorrectedSegmentation[] {
  const corrections = segmentationsOf({ ...scan, segmentations: scan.corrections ?? [] }, series);
  const taken = new Set<string>();
  const ordered: CorrectedSegmentation[] = [];
  for (const object of corrections.sort(newestFirst)) {
    const before = new Set(taken);
    // Its segments are called as the classes of the job that it was corrected for.
    ordered.push({ object, isCorrection: true, replaced: ({ name }) => before.has(name) });
    for (const { name } of object.segments) taken.add(name);
  }
  const isTaken = ({ name }: NamedLabel) => taken.has(className(name, names));
  const own = segmentationsOf(scan, series)
    .filter(({ segments }) => taken.size === 0 || !segments.every(isTaken))
    .map((object) => ({ object, isCorrection: false, replaced: isTaken }));
  return [...ordered, ...own];
}

function newestFirst(a: SegmentationObject, b: SegmentationObject): number {
  return momentOf(a) < momentOf(b) ? 1 : -1;
}

const momentOf = (object: SegmentationObject) =>
  object.kind === 'seg' ? object.contentMoment : '';

/** Where the corrected label of a case of files is written to. */
export async function correctionPath(
  folder: string,
  caseId: string,
  imagePath: string,
): Promise<string> {
  const digest = (await sha256File(imagePath)).slice(0, DIGEST_LENGTH);
  return join(folder, `${caseId}.of-${digest}${FILE_ENDING}`);
}

/** The files of a folder of corrections; none where there is no such folder. */
export async function correctionFiles(folder: string | undefined): Promise<readonly string[]> {
  return folder === undefined || !existsSync(folder) ? [] : filesUnder(folder);
}

/** The corrected label of a case of files, if there is one: only then is its scan read for it. */
export async function correctedFile(
  folder: string | undefined,
  files: readonly string[],
  caseId: string,
  imagePath: string,
): Promise<string | undefined> {
  if (folder === undefined) return undefined;
  const start = join(folder, `${caseId}.of-`);
  if (!files.some((path) => path.startsWith(start))) return undefined;
  const path = await correctionPath(folder, caseId, imagePath);
  return files.includes(path) ? path : undefined;
}
