import { open, stat } from 'node:fs/promises';
import { sha256 } from '@fedvox/base';
import { sha256File } from '@fedvox/base/system';
import { boundedMap } from '../bounded-map.js';
import { groupBy } from '../group-by.js';

const MAX_OPEN_FILES = 8;
/** Files of one size that are alike in so many bytes of their middle are compared whole. */
const PROBE_BYTES = 4096;

/**
 * The groups of files that are byte for byte the same, each in the order given, as indices; a file without
 * an equal is in none. Of files that differ little is read. One that cannot be read equals no other:
 * whoever reads it says why.
 */
export async function sameFiles(paths: readonly string[]): Promise<readonly number[][]> {
  let groups: number[][] = [[...paths.keys()]];
  for (const fingerprint of [size, middle, sha256File]) {
    groups = await regrouped(groups, (at) => {
      return fingerprint(paths[at] as string).catch(() => `unreadable ${at}`);
    });
  }
  return groups;
}

async function regrouped(
  groups: readonly number[][],
  fingerprintOf: (at: number) => Promise<string>,
): Promise<number[][]> {
  const members = groups.flatMap((group, of) => group.map((at) => ({ at, of })));
  const fingerprints = await boundedMap(members, MAX_OPEN_FILES, ({ at }) => fingerprintOf(at));
  const parted = groupBy(members.entries(), ([index, { of }]) => `${of} ${fingerprints[index]}`);
  return [...parted.values()]
    .filter(({ length }) => length > 1)
    .map((entries) => entries.map(([, { at }]) => at));
}

async function size(path: string): Promise<string> {
  return String((await stat(path)).size);
}

async function middle(path: string): Promise<string> {
  const file = await open(path);
  try {
    const from = Math.max(0, Math.floor(((await file.stat()).size - PROBE_BYTES) / 2));
    const { buffer, bytesRead } = await file.read(Buffer.alloc(PROBE_BYTES), 0, PROBE_BYTES, from);
    return sha256(buffer.subarray(0, bytesRead));
  } finally {
    await file.close();
  }
}
