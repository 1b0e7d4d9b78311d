import { constants } from 'node:fs';
import { mkdir, open, rename, stat, unlink } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { randomId } from './system-chance.js';

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
    throw atPath(error, path);
  }
  await file.close();
  await renameDurably(temporary, path);
}

/** Node does not tell of a call on an open file which file it was. */
function atPath(error: unknown, path: string): unknown {
  return error instanceof Error && !('path' in error) ? Object.assign(error, { path }) : error;
}

/** Renames within one file system and makes the new name survive a crash. */
export async function renameDurably(from: string, to: string): Promise<void> {
  await rename(from, to);
  await syncFolder(dirname(to));
}

/** Creates the folder and its parents, and makes the folder's own name survive a crash. */
export async function makeFolderDurably(path: string): Promise<void> {
  await makeFolder(path);
  await syncFolder(dirname(path));
}

/**
 * Creates the folder and its parents where they are missing. Node says of a parent on a read-only or
 * full disk that the new folder does not exist: making the first one that is missing tells the cause.
 */
export async function makeFolder(path: string, mode = 0o777): Promise<void> {
  try {
    await mkdir(path, { recursive: true, mode });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    await mkdir(await firstMissing(resolve(path)), { mode });
    await mkdir(path, { recursive: true, mode });
  }
}

async function firstMissing(path: string): Promise<string> {
  const parent = dirname(path);
  return parent === path || (await isThere(parent)) ? path : firstMissing(parent);
}

/** Whether there is anything at the path; a disk that cannot tell throws. */
export async function isThere(path: string): Promise<boolean> {
  try {
    await stat(path);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return false;
    throw error;
  }
}

export async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, constants.O_RDONLY);
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}
