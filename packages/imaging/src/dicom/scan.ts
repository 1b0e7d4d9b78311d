import { dirname, relative } from 'node:path';
import { FedvoxError } from '@fedvox/base';
import { sha256File } from '@fedvox/base/system';
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
  refused.push(
    ...copiesOf(
      first.path,
      others.map(({ path }) => path),
    ),
  );
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
  }
  copies.push(...copiesOf(what, [...copiedPaths]));
  return frames.filter(({ path }) => !copiedPaths.has(path));
}

/** One line for however many. */
function copiesOf(what: string, paths: readonly string[]): Refusal[] {
  const [example] = paths;
  if (example === undefined) return [];
  const files = paths.length === 1 ? '1 file' : `${paths.length} files`;
  return [refusalOf(what, fail('duplicate-instance', { what, files, example }))];
}

/** Reports, presentation states and other DICOM without an image: one line a series. */
function otherObjects(
  objects: readonly (Extract<ScannedFile, { kind: 'object' }> & SeriesFile)[],
  nameOf: (file: SeriesFile) => string,
): Refusal[] {
  return [...groupBy(objects, ({ uid }) => uid).values()].map(([first]) => {
    const what = nameOf(first!);
    const { modality } = first!;
    const kind = OBJECT_KINDS[modality];
    const named = kind === undefined ? modality : `${kind} (${modality})`;
    return refusalOf(what, fail('not-an-image', { what, kind: named }));
  });
}

const OBJECT_KINDS: Readonly<Record<string, string>> = {
  SR: 'a structured report',
  DOC: 'a document such as a PDF',
  PR: 'a presentation state',
  KO: 'a selection of key images',
  REG: 'a spatial registration',
  RTPLAN: 'a treatment plan',
  RTRECORD: 'a treatment record',
  ECG: 'an electrocardiogram',
  RWV: 'a map of real-world values',
  SEG: 'a segmentation without pixels',
};

interface SeriesFile {
  readonly uid: string;
  readonly path: string;
}

const SHORTEST_UID_END = 8;

/** What series are called: the folder, and as much of the UID's end as tells all of them apart. */
function seriesNames(root: string, files: readonly SeriesFile[]): (file: SeriesFile) => string {
  const uids = [...new Set(files.map(({ uid }) => uid))];
  const longest = Math.max(0, ...uids.map((uid) => uid.length));
  let length = SHORTEST_UID_END;
  while (length < longest && new Set(uids.map((uid) => uid.slice(-length))).size < uids.length) {
    length++;
  }
  return ({ uid, path }) =>
    `${relative(root, dirname(path)) || '.'} (series …${uid.slice(-length)})`;
}
