import { constants } from 'node:fs';
import { mkdir, open, rename, unlink } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { randomId } from './ids.js';

export interface DurableWriteOptions {
  /** Permission bits of the new file; 0o600 for anything secret. */
  readonly mode?: number;
}

/**
 * Replaces `path` with `bytes` so that a crash at any instant leaves the old file or the new one,
 * whole: temporary file beside it, fsync, rename, fsync of the folder.
 */
export async function writeFileDurably(
  path: string,
  bytes: Uint8Array | string,
  { mode = 0o644 }: DurableWriteOptions = {},
): Promise<void> {
  const temporary = join(dirname(path), `.${randomId()}.tmp`);
  const file = await open(
    temporary,
    constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL,
    mode,
  );
  try {
    await file.writeFile(bytes);
    await file.sync();
  } catch (error) {
    await file.close();
    await unlink(temporary);
    throw error;
  }
  await file.close();
  await renameDurably(temporary, path);
}

/** Renames within one file system and makes the new name survive a crash. */
export async function renameDurably(from: string, to: string): Promise<void> {
  await rename(from, to);
  await syncFolder(dirname(to));
}

/** Creates the folder and its parents, and makes the folder's own name survive a crash. */
export async function makeFolderDurably(path: string): Promise<void> {
  await mkdir(path, { recursive: true });
  await syncFolder(dirname(path));
}

export async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, constants.O_RDONLY);
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}
