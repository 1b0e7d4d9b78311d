import { readFile } from 'node:fs/promises';
import type { Case } from '../geometry/case.js';
import { decodeEntry } from './cache-entry.js';

/** The case in a file of the cache; `undefined` where there is none, or a damaged one. */
export async function readEntry(path: string): Promise<Case | undefined> {
  try {
    return decodeEntry(await readFile(path));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}
