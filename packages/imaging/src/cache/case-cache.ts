import { mkdir, readdir, stat, unlink, utimes } from 'node:fs/promises';
import { join } from 'node:path';
import { type Clock, canonicalJson, type FedvoxError, type Sha256, sha256 } from '@fedvox/base';
import { systemClock, writeFileDurably } from '@fedvox/base/system';
import type { PreprocessStep } from '@fedvox/job';
import type { CaseRef } from '../datasets/case-ref.js';
import { contentKey } from '../datasets/content-key.js';
import { fail } from '../errors.js';
import { FileDigests } from '../file-index/file-digests.js';
import type { Case } from '../geometry/case.js';
import type { Box } from '../transforms/crop-foreground.js';
import { caseWindow } from '../transforms/crop-or-pad.js';
import { preprocess } from '../transforms/preprocess.js';
import { portableVoxels } from '../voxel-engine/portable/portable-voxels.js';
import type { VoxelEngine } from '../voxel-engine/voxel-engine.js';
import { encodeEntry } from './cache-entry.js';
import { type CaseReader, directCaseReader } from './case-reader.js';

export interface CacheOptions {
  /** Entries used longest ago are removed above this. Default 64 GiB. */
  readonly maxBytes?: number;
  readonly clock?: Clock;
  /** Is told why the digests of the cases' files had to be worked out anew, or cannot be kept. */
  readonly onProblem?: (problem: FedvoxError) => void;
  /** What reads entries, and cases that have none yet. The thread that asks by default. */
  readonly reader?: CaseReader;
  /** What preprocesses; the same bits come of any. */
  readonly voxels?: VoxelEngine;
}

/** Preprocessed cases on disk. Safe to share between processes and to kill at any instant. */
export interface CaseCache {
  /**
   * The case after the deterministic steps, from the cache or made and stored. Errors as `readCase`
   * and `preprocess`, and `cache-unusable`.
   */
  load(ref: CaseRef, classes: readonly string[], steps: readonly PreprocessStep[]): Promise<Case>;
  /**
   * A box of that case, the whole of which is not brought into memory for it; what lies outside of the case is 0. An
   * entry is checked where it is loaded whole, and not again here.
   */
  loadWindow(
    ref: CaseRef,
    classes: readonly string[],
    steps: readonly PreprocessStep[],
    box: Box,
  ): Promise<Case>;
  /** As the function of that name; a case's files are read for it once. */
  contentKey(ref: CaseRef): Promise<Sha256>;
  /** Keeps the digests of the files that were asked for: until they change, nobody reads them whole for it again. */
  keepDigests(): Promise<void>;
}

/** Part of every key: raise it when the same steps come to mean other voxels, or fewer cases are usable. */
const PIPELINE_VERSION = 3;
const DEFAULT_MAX_BYTES = 64 * 1024 ** 3;
const DIGESTS = 'digests.index';
const ENTRY_SUFFIX = '.case';
/** A temporary file this old belongs to a process that died. */
const ABANDONED_AFTER_MS = 60 * 60 * 1000;

/**
 * Opens, or makes, the cache in a folder.
 * @throws FedvoxError `cache-unusable`
 */
export async function openCache(
  folder: string,
  {
    maxBytes = DEFAULT_MAX_BYTES,
    clock = systemClock,
    onProblem = () => undefined,
    reader = directCaseReader,
    voxels = portableVoxels,
  }: CacheOptions = {},
): Promise<CaseCache> {
  await usable(folder, async () => {
    await mkdir(folder, { recursive: true });
    await removeAbandoned(folder, clock.nowMs());
  });
  const digests = await FileDigests.open(join(folder, DIGESTS), clock, onProblem);
  const contentKeys = new WeakMap<CaseRef, Promise<Sha256>>();
  const keyOf = (ref: CaseRef) => {
    const key = contentKeys.get(ref) ?? contentKey(ref, (path) => digests.digestOf(path));
    contentKeys.set(ref, key);
    return key;
  };
  const pathOf = async (ref: CaseRef, steps: readonly PreprocessStep[]) =>
    join(folder, entryName(await keyOf(ref), steps));
  const load: CaseCache['load'] = async (ref, classes, steps) => {
    const path = await pathOf(ref, steps);
    const cached = await reader.readEntry(path);
    if (cached !== undefined) {
      await usable(folder, () => touch(path, clock.nowMs()));
      return cached;
    }
    const made = preprocess(await reader.readCase(ref, classes), steps, voxels);
    await usable(folder, async () => {
      await writeFileDurably(path, encodeEntry(made));
      await touch(path, clock.nowMs());
      await evict(folder, maxBytes);
    });
    return made;
  };
  return {
    load,
    contentKey: keyOf,
    keepDigests: () => digests.keep(),
    async loadWindow(ref, classes, steps, { start, size }) {
      const path = await pathOf(ref, steps);
      const cached = await reader.readWindow(path, start, size);
      if (cached === undefined) return caseWindow(await load(ref, classes, steps), start, size);
      await usable(folder, () => touch(path, clock.nowMs()));
      return cached;
    },
  };
}

/** The key covers the files' content, what their labels mean, and each step with its parameters. */
function entryName(content: Sha256, steps: readonly PreprocessStep[]): string {
  return sha256(canonicalJson({ version: PIPELINE_VERSION, content, steps })) + ENTRY_SUFFIX;
}

/** Marks an entry as used now; another process may have evicted it in the meantime. */
async function touch(path: string, nowMs: number): Promise<void> {
  await utimes(path, nowMs / 1000, nowMs / 1000).catch(ignoreMissing);
}

async function evict(folder: string, maxBytes: number): Promise<void> {
  const entries = (await filesIn(folder)).filter(({ name }) => name.endsWith(ENTRY_SUFFIX));
  entries.sort((a, b) => b.usedMs - a.usedMs);
  let kept = 0;
  for (const { name, bytes } of entries) {
    kept += bytes;
    if (kept > maxBytes) await unlink(join(folder, name)).catch(ignoreMissing);
  }
}

async function removeAbandoned(folder: string, nowMs: number): Promise<void> {
  for (const { name, usedMs } of await filesIn(folder)) {
    if (!name.endsWith('.tmp') || nowMs - usedMs < ABANDONED_AFTER_MS) continue;
    await unlink(join(folder, name)).catch(ignoreMissing);
  }
}

async function filesIn(folder: string) {
  const files: { name: string; bytes: number; usedMs: number }[] = [];
  for (const name of await readdir(folder)) {
    const entry = await stat(join(folder, name)).catch(ignoreMissing);
    if (entry) files.push({ name, bytes: entry.size, usedMs: entry.mtimeMs });
  }
  return files;
}

function ignoreMissing(error: NodeJS.ErrnoException): undefined {
  if (error.code !== 'ENOENT') throw error;
  return undefined;
}

async function usable<T>(path: string, action: () => Promise<T>): Promise<T> {
  try {
    return await action();
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    if (code === undefined) throw cause;
    throw fail('cache-unusable', { path, reason: code }, { cause });
  }
}
