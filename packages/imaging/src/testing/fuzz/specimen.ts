import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { filesUnder } from '../../folder-scan/walk.js';

/** Files that are read together, whole and sound: what a fuzzed input is made from. */
export interface Specimen {
  readonly name: string;
  /** By path inside the specimen's folder; never none. */
  readonly files: ReadonlyMap<string, Uint8Array>;
}

/** What is written into a folder that is gone afterwards. */
export async function filesWritten(
  write: (folder: string) => Promise<unknown>,
): Promise<Map<string, Uint8Array>> {
  const folder = await mkdtemp(join(tmpdir(), 'fedvox-fuzz-'));
  try {
    await write(folder);
    return await filesIn(folder);
  } finally {
    await rm(folder, { recursive: true });
  }
}

/** Every file under a folder, by its path inside it, in the order of names. */
export async function filesIn(folder: string): Promise<Map<string, Uint8Array>> {
  const files = new Map<string, Uint8Array>();
  for (const path of await filesUnder(folder)) {
    files.set(relative(folder, path), await readFile(path));
  }
  return files;
}
