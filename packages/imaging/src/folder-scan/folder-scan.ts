import { FedvoxError } from '@fedvox/base';
import type { Frame } from '../dicom/frame.js';
import { groupBy } from '../group-by.js';
import { restoredError } from '../named-error.js';
import { type Refusal, refusalOf } from '../refusal.js';
import { oneObject, withoutCopies } from './copies.js';
import { type HeaderOptions, readHeaders } from './headers/read-headers.js';
import type { ScannedFile, SegmentationObject } from './headers/scanned-file.js';
import { otherObjects } from './other-objects.js';
import { seriesNames } from './series-names.js';
import { filesUnder } from './walk.js';

/** An image series as found: its frames in no order yet, or why it cannot be read. */
export interface ScannedSeries {
  readonly uid: string;
  /** Folder and end of the UID: how people recognise it. */
  readonly what: string;
  readonly paths: readonly string[];
  readonly frames: readonly Frame[];
  /** The first error of a file that belongs to the series: one bad file makes it unusable. */
  readonly problem?: FedvoxError;
}

/** What is in a folder, found by content and not by name. */
export interface FolderScan {
  readonly root: string;
  readonly series: readonly ScannedSeries[];
  readonly segmentations: readonly SegmentationObject[];
  readonly refused: readonly Refusal[];
  readonly files: number;
  /** Files that are not DICOM and do not claim to be. */
  readonly otherFiles: readonly string[];
}

type ImageFile = Extract<ScannedFile, { kind: 'image' | 'bad-image' }> & { readonly path: string };

/**
 * Reads the headers of every DICOM file under `root` and sorts them into series and segmentations.
 * @throws FedvoxError `folder-unreadable`
 */
export async function scanDicomFolder(
  root: string,
  options: HeaderOptions = {},
): Promise<FolderScan> {
  const paths = await filesUnder(root);
  const headers = await readHeaders(root, paths, options);
  const scanned = headers.map((header, at) => ({ path: paths[at] as string, ...header }));
  const images = scanned.filter((file) => file.kind === 'image' || file.kind === 'bad-image');
  const unreadable = scanned.filter((file) => file.kind === 'unreadable');
  const copies: Refusal[] = [];
  const series: ScannedSeries[] = [];
  const objects = scanned.filter((file) => file.kind === 'object');
  const nameOf = seriesNames(root, [...images, ...objects]);
  for (const [uid, files] of groupBy(images, (file) => file.uid)) {
    series.push(await seriesOf(nameOf(files[0]!), uid, files, copies));
  }
  const segmentations: SegmentationObject[] = [];
  for (const files of groupBy(scanned.filter(isSegmentationFile), ({ uid }) => uid).values()) {
    segmentations.push(...(await oneObject(files, copies)));
  }
  return {
    root,
    series,
    segmentations,
    refused: [
      ...unreadable.map(({ path, error }) => refusalOf(path, restoredError(error))),
      ...copies,
      ...otherObjects(objects, nameOf),
    ],
    files: paths.length,
    otherFiles: scanned.filter((file) => file.kind === 'other').map((file) => file.path),
  };
}

async function seriesOf(
  what: string,
  uid: string,
  files: readonly ImageFile[],
  copies: Refusal[],
): Promise<ScannedSeries> {
  const paths = files.map(({ path }) => path);
  const frames = files.flatMap((file) => (file.kind === 'image' ? file.frames : []));
  const bad = files.find((file) => file.kind === 'bad-image');
  if (bad !== undefined) return { uid, what, paths, frames, problem: restoredError(bad.error) };
  const distinct = await withoutCopies(what, frames, copies);
  if (distinct instanceof FedvoxError) return { uid, what, paths, frames, problem: distinct };
  return { uid, what, paths, frames: distinct };
}

function isSegmentationFile<F extends ScannedFile>(
  file: F,
): file is F & { readonly kind: 'segmentation' } {
  return file.kind === 'segmentation';
}
