import { restoredError } from '@fedvox/base';
import type { Frame } from '../dicom/frame.js';
import { groupBy } from '../group-by.js';
import { type Refusal, refusalOf } from '../refusal.js';
import { type BadFrame, badFrames } from './bad-frame.js';
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
  /** What of it cannot be read: one bad frame makes its volume unusable, and the series where it has one only. */
  readonly bad: readonly BadFrame[];
}

/** What is in a folder, found by content and not by name. */
export interface FolderScan {
  readonly root: string;
  readonly series: readonly ScannedSeries[];
  readonly segmentations: readonly SegmentationObject[];
  /** Of the site's own folder of corrections: they go before what is found here. */
  readonly corrections?: readonly SegmentationObject[];
  readonly refused: readonly Refusal[];
  /** Those of them that claim to be DICOM, and of which nobody knows what they hold. */
  readonly unreadable: readonly Refusal[];
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
  const unreadable = scanned
    .filter((file) => file.kind === 'unreadable')
    .map(({ path, error }) => refusalOf(path, restoredError(error)));
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
    refused: [...unreadable, ...copies, ...otherObjects(objects, nameOf)],
    unreadable,
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
  const readable = files.flatMap((file) => (file.kind === 'image' ? file.frames : []));
  const { frames, conflicting } = await withoutCopies(what, readable, copies);
  const bad = files.flatMap((file) => (file.kind === 'bad-image' ? badFrames(file) : []));
  return { uid, what, paths, frames, bad: [...bad, ...conflicting] };
}

/** Doses and planar pictures: they have pixels and are none of a volume. */
export function isNoVolume({ frames, bad: [first] }: ScannedSeries): boolean {
  if (first === undefined || frames.length > 0) return false;
  return ['imaging/not-an-image', 'imaging/projection'].includes(first.error.code);
}

function isSegmentationFile<F extends ScannedFile>(
  file: F,
): file is F & { readonly kind: 'segmentation' } {
  return file.kind === 'segmentation';
}
