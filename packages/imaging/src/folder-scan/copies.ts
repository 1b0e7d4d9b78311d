import { sha256File } from '@fedvox/base/system';
import type { Frame } from '../dicom/frame.js';
import { fail } from '../errors.js';
import { type Refusal, refusalOf } from '../refusal.js';
import type { BadFrame } from './bad-frame.js';
import type { SegmentationObject } from './headers/scanned-file.js';

/** What one SOP instance UID stands for: the first of byte-for-byte copies, or none of different files. */
export async function oneObject(
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

/** Frames without byte-for-byte copies, which are reported; and those of different files of one UID. */
export async function withoutCopies(
  what: string,
  frames: readonly Frame[],
  copies: Refusal[],
): Promise<{ readonly frames: readonly Frame[]; readonly conflicting: readonly BadFrame[] }> {
  const firstPath = new Map<string, string>();
  const copiedPaths = new Set<string>();
  const conflictingPaths = new Set<string>();
  for (const { sopInstanceUid, path } of frames) {
    const first = firstPath.get(sopInstanceUid) ?? path;
    firstPath.set(sopInstanceUid, first);
    if (first === path || copiedPaths.has(path) || conflictingPaths.has(path)) continue;
    if ((await sha256File(first)) === (await sha256File(path))) copiedPaths.add(path);
    else conflictingPaths.add(first).add(path);
  }
  copies.push(...copiesOf(what, [...copiedPaths]));
  const distinct = frames.filter(({ path }) => !copiedPaths.has(path));
  return {
    frames: distinct.filter(({ path }) => !conflictingPaths.has(path)),
    conflicting: distinct
      .filter(({ path }) => conflictingPaths.has(path))
      .map(({ dimensions }) => ({ error: fail('conflicting-copies', { what }), dimensions })),
  };
}

/** One line for however many. */
function copiesOf(what: string, paths: readonly string[]): Refusal[] {
  const [example] = paths;
  if (example === undefined) return [];
  const files = paths.length === 1 ? '1 file' : `${paths.length} files`;
  return [refusalOf(what, fail('duplicate-instance', { what, files, example }))];
}
