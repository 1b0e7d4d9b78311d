import { readdir, realpath, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { fail } from '../errors.js';

/** Most files one data set may hold, and how deep its folders may go. */
const MAX_FILES = 1_000_000;
const MAX_DEPTH = 32;

/**
 * Every regular file under a folder (or the file itself), in the order of names. Links are followed;
 * a folder is visited once.
 * @throws FedvoxError `folder-unreadable`
 */
export async function filesUnder(root: string): Promise<string[]> {
  const files: string[] = [];
  await walk(root, 0, new Set(), files);
  return files;
}

async function walk(path: string, depth: number, visited: Set<string>, files: string[]) {
  try {
    const entry = await stat(path);
    if (entry.isFile()) files.push(path);
    if (!entry.isDirectory()) return;
    const real = await realpath(path);
    if (visited.has(real)) return;
    visited.add(real);
    if (depth > MAX_DEPTH || files.length > MAX_FILES) {
      throw Object.assign(new Error('too deep or too many files'), { code: 'too large a folder' });
    }
    for (const name of (await readdir(path)).sort()) {
      await walk(join(path, name), depth + 1, visited, files);
    }
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    // A link that leads nowhere is no file; everything else a person has to see.
    if (code === 'ENOENT' && depth > 0) return;
    if (code === undefined || code.startsWith('imaging/')) throw cause;
    throw fail('folder-unreadable', { path, reason: code }, { cause });
  }
}
