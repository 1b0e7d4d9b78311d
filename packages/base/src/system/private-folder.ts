import type { Dirent } from 'node:fs';
import { chmod, readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { makeFolder } from './durable-file.js';

const OWNER_ONLY_FOLDER = 0o700;
const OWNER_ONLY_FILE = 0o600;
const OTHERS = 0o077;

/**
 * Makes a program's state folder its owner's alone: the folder and all that is in it, and from here on
 * whatever this process and its children create, a library's files included.
 */
export async function makePrivateFolder(path: string): Promise<void> {
  process.umask(OTHERS);
  await makeFolder(path, OWNER_ONLY_FOLDER);
  await tighten(path, OWNER_ONLY_FOLDER);
  await tightenContent(path);
}

/** Links are left alone: what they lead to is not ours. */
async function tightenContent(folder: string): Promise<void> {
  const entries = await ifThere(readdir(folder, { withFileTypes: true }));
  for (const entry of entries ?? []) await tightenEntry(join(folder, entry.name), entry);
}

async function tightenEntry(path: string, entry: Dirent): Promise<void> {
  if (entry.isFile()) await ifThere(tighten(path, OWNER_ONLY_FILE));
  if (!entry.isDirectory()) return;
  await ifThere(tighten(path, OWNER_ONLY_FOLDER));
  await tightenContent(path);
}

async function tighten(path: string, mode: number): Promise<void> {
  if (((await stat(path)).mode & OTHERS) !== 0) await chmod(path, mode);
}

/** Another process of ours may be at work in there, and remove what was listed. */
async function ifThere<T>(looking: Promise<T>): Promise<T | undefined> {
  try {
    return await looking;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}
