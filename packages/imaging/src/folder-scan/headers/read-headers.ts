import { resolve } from 'node:path';
import { type Clock, canonicalJson, type FedvoxError, sha256 } from '@fedvox/base';
import { systemClock } from '@fedvox/base/system';
import { boundedMap } from '../../bounded-map.js';
import { type FileIdentity, fileIdentity, isSettled } from '../../file-index/file-identity.js';
import {
  type FileIndex,
  type Remembered,
  readIndex,
  writeIndex,
} from '../../file-index/index-file.js';
import { programStamp } from '../../file-index/program-stamp.js';
import { refusalOf } from '../../refusal.js';
import { readFiles } from './header-threads.js';
import type { ScannedFile } from './scanned-file.js';

export interface HeaderOptions {
  /** A file that keeps the headers of files that stay as they are; without it, every look reads them all. */
  readonly indexPath?: string;
  readonly onProgress?: (progress: HeaderProgress) => void;
  readonly clock?: Clock;
  /** Threads to read on; by default as many as there are processors, as long as each has enough to do. */
  readonly threads?: number;
}

/** Of how many files the headers are known. */
export interface HeadersKnown {
  readonly kind: 'headers';
  readonly done: number;
  readonly total: number;
  /** At the pace so far; absent before there is one. */
  readonly remainingMs?: number;
}

export type HeaderProgress =
  | HeadersKnown
  /** Why the index saved no time. */
  | { readonly kind: 'index'; readonly code: string; readonly reason: string };

const MAX_STATS_UNDER_WAY = 32;
/** Frames and references that an index holds at most, some 300 MB of them; what is beyond is read at every look. */
const MAX_REMEMBERED_ITEMS = 500_000;

/** What each file is, by its header, in the order of the paths: the same with an index as without. */
export async function readHeaders(
  root: string,
  paths: readonly string[],
  options: HeaderOptions = {},
): Promise<readonly ScannedFile[]> {
  const { indexPath, onProgress, clock = systemClock } = options;
  const total = paths.length;
  const startedMs = clock.nowMs();
  if (indexPath === undefined) {
    return readFiles(paths, { ...options, onRead: pace(0, total, clock, onProgress) });
  }
  const note = (problem: FedvoxError | undefined) => {
    if (problem === undefined) return;
    const { code, reason } = refusalOf(indexPath, problem);
    onProgress?.({ kind: 'index', code, reason });
  };
  const stamp = sha256(
    canonicalJson({ program: await programStamp(), folder: resolve(root), as: root }),
  );
  const { index, problem } = await readIndex<ScannedFile>(indexPath, stamp);
  note(problem);
  const identities = await boundedMap(paths, MAX_STATS_UNDER_WAY, fileIdentity);
  const headers = paths.map((path, at) => knownHeader(index, path, identities[at]));
  const unknown = [...headers.keys()].filter((at) => headers[at] === undefined);
  const known = total - unknown.length;
  onProgress?.({ kind: 'headers', done: known, total });
  const onRead = pace(known, total, clock, onProgress);
  const read = await readFiles(
    unknown.map((at) => paths[at] as string),
    { ...options, onRead },
  );
  for (const [nth, at] of unknown.entries()) headers[at] = read[nth];
  const whole = headers as ScannedFile[];
  const next = remembered(paths, identities, whole, startedMs);
  if (!isSame(index, next)) note(await writeIndex(indexPath, stamp, next));
  return whole;
}

/** Tells how far the reading is, and by its pace so far when it will be done. */
function pace(
  known: number,
  total: number,
  clock: Clock,
  onProgress: HeaderOptions['onProgress'],
): (read: number) => void {
  const startedMs = clock.nowMs();
  return (read) => {
    const msPerFile = (clock.nowMs() - startedMs) / read;
    const done = known + read;
    onProgress?.({ kind: 'headers', done, total, remainingMs: msPerFile * (total - done) });
  };
}

function knownHeader(
  index: FileIndex<ScannedFile>,
  path: string,
  identity: FileIdentity | undefined,
): ScannedFile | undefined {
  const entry = index.get(path);
  return entry !== undefined && entry.identity === identity?.text ? entry.value : undefined;
}

/** What the next look may take for granted: files by the identity that they had before they were read. */
function remembered(
  paths: readonly string[],
  identities: readonly (FileIdentity | undefined)[],
  headers: readonly ScannedFile[],
  startedMs: number,
): FileIndex<ScannedFile> {
  const index = new Map<string, Remembered<ScannedFile>>();
  let items = 0;
  for (const [at, path] of paths.entries()) {
    const identity = identities[at];
    const value = headers[at] as ScannedFile;
    if (identity === undefined || !isSettled(identity, startedMs)) continue;
    if (!isOfContent(value)) continue;
    items += itemsOf(value);
    if (items > MAX_REMEMBERED_ITEMS) break;
    index.set(path, { identity: identity.text, value });
  }
  return index;
}

/** A file that could not be opened may be opened next time, though nothing of it changes. */
function isOfContent(file: ScannedFile): boolean {
  return file.kind !== 'unreadable' || file.error.code !== 'imaging/folder-unreadable';
}

function itemsOf(file: ScannedFile): number {
  if (file.kind === 'image') return file.frames.length;
  if (file.kind === 'bad-image') return 1 + (file.dimensions?.length ?? 0);
  if (file.kind !== 'segmentation') return 1;
  const { object } = file;
  const frames = object.kind === 'seg' ? object.frames.length : 0;
  return 1 + frames + object.referencedSopUids.length;
}

function isSame(old: FileIndex<ScannedFile>, next: FileIndex<ScannedFile>): boolean {
  if (old.size !== next.size) return false;
  return [...next].every(([path, { identity }]) => old.get(path)?.identity === identity);
}
