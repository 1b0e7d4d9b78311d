import type { Dirent, Stats } from 'node:fs';
import { readdir, realpath, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { fail } from '../errors.js';

/** Most files one data set may hold, and how deep its folders may go. */
const MAX_FILES = 1_000_000;
const MAX_DEPTH = 32;

/**
 * Every regular file under a folder (or the file itself), in the order of names. Links are followed;
 * a folder is visited once; a link that leads nowhere is no file.
 * @throws FedvoxError `folder-unreadable`, `folder-too-large`
 */
export async function filesUnder(root: string): Promise<string[]> {
  const files: string[] = [];
  await collect(root, await readable(root, stat(root)), 0, new Set(), files);
  return files;
}

async function collect(
  path: string,
  entry: Stats | Dirent,
  depth: number,
  visited: Set<string>,
  files: string[],
): Promise<void> {
  if (entry.isFile()) files.push(path);
  if (!entry.isDirectory()) return;
  if (depth > MAX_DEPTH || files.length > MAX_FILES) {
    throw fail('folder-too-large', { path, files: MAX_FILES, depth: MAX_DEPTH });
  }
  const real = await readable(path, realpath(path));
  if (visited.has(real)) return;
  visited.add(real);
  const entries = await readable(path, readdir(path, { withFileTypes: true }));
  for (const found of entries.sort((a, b) => (a.name < b.name ? -1 : 1))) {
    const child = join(path, found.name);
    // Only where a link leads is not known yet; asking for each file would take as long as its header.
    const childEntry = found.isSymbolicLink()
      ? await readable(child, stat(child).catch(ignoreMissing))
      : found;
    if (childEntry !== undefined) await collect(child, childEntry, depth + 1, visited, files);
  }
}

function ignoreMissing(error: NodeJS.ErrnoException): undefined {
  if (error.code !== 'ENOENT') throw error;
  return undefined;
}

async function readable<T>(path: string, reading: Promise<T>): Promise<T> {
  try {
    return await reading;
  } catch (cause) {
    const { code = 'unknown' } = cause as NodeJS.ErrnoException;
    throw fail('folder-unreadable', { path, reason: code }, { cause });
  }
}
