import { dirname, relative } from 'node:path';
import { FedvoxError, sha256File } from '@fedvox/base';
import { fail } from '../errors.js';
import { groupBy } from '../group-by.js';
import { restoredError } from '../named-error.js';
import { type Refusal, refusalOf } from '../refusal.js';
import type { Frame } from './frame.js';
import { type HeaderOptions, readHeaders } from './headers/read-headers.js';
import type { ScannedFile, SegmentationObject } from './scanned-file.js';
import { filesUnder } from './walk.js';

export type { SegmentationObject } from './scanned-file.js';

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
  for (const [uid, files] of groupBy(images, (file) => file.uid)) {
    series.push(await seriesOf(root, uid, files, copies));
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
      ...otherObjects(root, scanned),
    ],
    files: paths.length,
    otherFiles: scanned.filter((file) => file.kind === 'other').map((file) => file.path),
  };
}

async function seriesOf(
  root: string,
  uid: string,
  files: readonly ImageFile[],
  copies: Refusal[],
): Promise<ScannedSeries> {
  const paths = files.map(({ path }) => path);
  const what = seriesName(root, uid, paths[0] as string);
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

/** What one SOP instance UID stands for: the first of byte-for-byte copies, or none of different files. */
async function oneObject(
  files: readonly { readonly path: string; readonly object: SegmentationObject }[],
  refused: Refusal[],
): Promise<SegmentationObject[]> {
  const [first, ...others] = files;
  if (first === undefined) return [];
  for (const { path } of others) {
    if ((await sha256File(first.path)) !== (await sha256File(path))) {
      refused.push(refusalOf(first.path, fail('conflicting-copies', { what: first.path })));
      return [];
    }
  }
  const copy = ({ path }: { path: string }) =>
    refusalOf(path, fail('duplicate-instance', { path }));
  refused.push(...others.map(copy));
  return [first.object];
}

/** Frames without byte-for-byte copies, which are reported; different files of one UID are an error. */
async function withoutCopies(
  what: string,
  frames: readonly Frame[],
  copies: Refusal[],
): Promise<readonly Frame[] | FedvoxError> {
  const firstPath = new Map<string, string>();
  const copiedPaths = new Set<string>();
  for (const { sopInstanceUid, path } of frames) {
    const first = firstPath.get(sopInstanceUid) ?? path;
    firstPath.set(sopInstanceUid, first);
    if (first === path || copiedPaths.has(path)) continue;
    if ((await sha256File(first)) !== (await sha256File(path))) {
      return fail('conflicting-copies', { what });
    }
    copiedPaths.add(path);
    copies.push(refusalOf(path, fail('duplicate-instance', { path })));
  }
  return frames.filter(({ path }) => !copiedPaths.has(path));
}

/** Reports, presentation states and other DICOM without an image: one line a series. */
function otherObjects(
  root: string,
  scanned: readonly (ScannedFile & { readonly path: string })[],
): Refusal[] {
  const objects = scanned.filter((file) => file.kind === 'object');
  return [...groupBy(objects, ({ uid }) => uid)].map(([uid, [first]]) => {
    const what = seriesName(root, uid, first!.path);
    return refusalOf(what, fail('not-an-image', { what, kind: first!.modality }));
  });
}

function seriesName(root: string, uid: string, path: string): string {
  return `${relative(root, dirname(path)) || '.'} (series …${uid.slice(-8)})`;
}
