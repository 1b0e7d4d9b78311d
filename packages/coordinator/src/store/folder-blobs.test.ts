import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sha256 } from '@fedvox/base';
import { expect, it } from 'vitest';
import { describeBlobs } from '../testing/blob-contract.js';
import { FolderBlobs, foldersOf } from './blob-store.js';

describeBlobs('blobs in a folder', (stateDir) => FolderBlobs.open(foldersOf(stateDir)));

it('blobs lie in folders of the first two letters of their digests', async () => {
  const stateDir = await mkdtemp(join(tmpdir(), 'fedvox-blobs-'));
  const blobs = await FolderBlobs.open(foldersOf(stateDir));
  const digest = sha256('bytes');
  await blobs.put(digest, [Buffer.from('bytes')], 100);
  expect(await blobs.path(digest)).toBe(join(stateDir, 'blobs', digest.slice(0, 2), digest));
  await rm(stateDir, { recursive: true });
});

it('blobs on another disk are copied whole before they have their name', async ({ skip }) => {
  const [here, there] = await Promise.all(
    [tmpdir(), '/dev/shm'].map((parent) => mkdtemp(join(parent, 'fedvox-blobs-')).catch(() => '')),
  );
  const areTwo =
    there !== '' && (await stat(here as string)).dev !== (await stat(there as string)).dev;
  skip(!areTwo, 'there is no second disk');
  const blobs = await FolderBlobs.open({
    blobs: join(there as string, 'blobs'),
    incoming: join(here as string, 'incoming'),
  });
  const digest = sha256('bytes');
  await writeFile(join(here as string, 'spooled'), 'bytes');
  await blobs.adopt(join(here as string, 'spooled'), digest);
  const path = await blobs.path(digest);
  expect(await readFile(path, 'utf8')).toBe('bytes');
  expect(await readdir(join(path, '..'))).toEqual([digest]);
  expect(await readdir(here as string)).toEqual(['incoming']);
  for (const folder of [here, there]) await rm(folder as string, { recursive: true });
});
