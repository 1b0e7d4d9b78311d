import { dirname, extname, relative } from 'node:path';
import { FedvoxError, isFedvoxError, sha256File } from '@fedvox/base';
import { boundedMap } from '../bounded-map.js';
import { fail } from '../errors.js';
import { groupBy } from '../group-by.js';
import { errorOfCase, type Refusal, refusalOf } from '../refusal.js';
import { isSegmentation, readSegHeader, type SegHeader } from '../segmentation/dicom-seg.js';
import {
  isStructureSet,
  readStructureSetHeader,
  type StructureSetHeader,
} from '../segmentation/rtstruct.js';
import { type Frame, framesOf } from './frame.js';
import { type DicomFile, readDicomHeader } from './part10.js';
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

/** A file that labels a series: a DICOM SEG or an RT structure set. */
export type SegmentationObject =
  | ({ readonly kind: 'seg' } & SegHeader)
  | ({ readonly kind: 'rtstruct' } & StructureSetHeader);

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

type ScannedFile =
  | { readonly kind: 'image'; readonly uid: string; readonly frames: readonly Frame[] }
  | { readonly kind: 'bad-image'; readonly uid: string; readonly error: FedvoxError }
  | { readonly kind: 'segmentation'; readonly uid: string; readonly object: SegmentationObject }
  | { readonly kind: 'object'; readonly uid: string; readonly modality: string }
  | { readonly kind: 'unreadable'; readonly error: FedvoxError }
  | { readonly kind: 'other' };

type ImageFile = Extract<ScannedFile, { kind: 'image' | 'bad-image' }> & { readonly path: string };

const MAX_OPEN_FILES = 8;
const DICOM_EXTENSIONS: readonly string[] = ['.dcm', '.dicom', '.ima'];

/**
 * Reads the headers of every DICOM file under `root` and sorts them into series and segmentations.
 * @throws FedvoxError `folder-unreadable`
 */
export async function scanDicomFolder(root: string): Promise<FolderScan> {
  const paths = await filesUnder(root);
  const scanned = await boundedMap(paths, MAX_OPEN_FILES, async (path) => ({
    path,
    ...(await scanFile(path)),
  }));
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
      ...unreadable.map(({ path, error }) => refusalOf(path, error)),
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
  if (bad !== undefined) return { uid, what, paths, frames, problem: bad.error };
  const distinct = await withoutCopies(what, frames, copies);
  if (distinct instanceof FedvoxError) return { uid, what, paths, frames, problem: distinct };
  return { uid, what, paths, frames: distinct };
}

async function scanFile(path: string): Promise<ScannedFile> {
  try {
    return scanObject(await readDicomHeader(path));
  } catch (thrown) {
    const error = errorOfCase(path, thrown);
    const claimsDicom = DICOM_EXTENSIONS.includes(extname(path).toLowerCase());
    if (isFedvoxError(error, 'imaging/not-dicom') && !claimsDicom) return { kind: 'other' };
    return { kind: 'unreadable', error };
  }
}

function scanObject(file: DicomFile): ScannedFile {
  const { attributes } = file;
  if (attributes.text('SOPClassUID') === undefined && !attributes.has('SeriesInstanceUID')) {
    return { kind: 'other' }; // a DICOMDIR: an index of the folder, which is read itself
  }
  if (isSegmentation(attributes)) {
    const object = { kind: 'seg', ...readSegHeader(file) } as const;
    return { kind: 'segmentation', uid: attributes.requireText('SOPInstanceUID'), object };
  }
  if (isStructureSet(attributes)) {
    const object = { kind: 'rtstruct', ...readStructureSetHeader(file) } as const;
    return { kind: 'segmentation', uid: attributes.requireText('SOPInstanceUID'), object };
  }
  const uid = attributes.requireText('SeriesInstanceUID');
  if (file.pixelData === undefined && !attributes.has('Rows')) {
    return { kind: 'object', uid, modality: attributes.text('Modality') ?? 'objects' };
  }
  try {
    if (file.syntax.pixels === undefined) {
      const transferSyntax = file.syntax.name;
      throw fail('unsupported-transfer-syntax', { path: file.path, transferSyntax });
    }
    return { kind: 'image', uid, frames: framesOf(file) };
  } catch (error) {
    return { kind: 'bad-image', uid, error: errorOfCase(file.path, error) };
  }
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
