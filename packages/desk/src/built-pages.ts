import { readdir, readFile, stat } from 'node:fs/promises';
import { extname, join, sep } from 'node:path';
import { assert } from '@fedvox/base';
import { systemFailure } from '@fedvox/base/system';
import { fail } from './errors.js';
import { MAX_BUILT_FILE_BYTES } from './limits.js';

export interface BuiltFile {
  readonly type: string;
  readonly bytes: Uint8Array;
}

/** Every file that is served, by the exact path of its request; `/` is the page itself. */
export type BuiltPages = ReadonlyMap<string, BuiltFile>;

/** What a build may hold; anything else is none of a page's. */
const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
};

/**
 * Reads a build once, so that no request leads to the disk.
 * @throws FedvoxError `desk/pages-not-built`
 */
export async function readBuiltPages(folder: string): Promise<BuiltPages> {
  const pages = new Map<string, BuiltFile>();
  for (const file of await filesIn(folder)) {
    const type = TYPES[extname(file)];
    assert(type !== undefined, `${file} is of a type that pages have`);
    const path = join(folder, file);
    const { size } = await stat(path);
    assert(size <= MAX_BUILT_FILE_BYTES, `${file} is small enough for a page`);
    const address = file === 'index.html' ? '/' : `/${file.split(sep).join('/')}`;
    pages.set(address, { type, bytes: await readFile(path) });
  }
  if (!pages.has('/')) throw fail('pages-not-built', { folder });
  return pages;
}

async function filesIn(folder: string): Promise<string[]> {
  try {
    const entries = await readdir(folder, { recursive: true, withFileTypes: true });
    return entries
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name).slice(folder.length + 1));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT')
      throw fail('pages-not-built', { folder });
    throw systemFailure(error, folder) ?? error;
  }
}
