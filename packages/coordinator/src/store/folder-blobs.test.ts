import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sha256 } from '@fedvox/base';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { BlobStore } from './blob-store.js';

const bytes = Buffer.from('some weights');
const digest = sha256(bytes);

describe('a blob store', () => {
  let stateDir: string;
  let blobs: BlobStore;
  beforeEach(async () => {
    stateDir = await mkdtemp(join(tmpdir(), 'fedvox-blobs-'));
    blobs = await BlobStore.open(stateDir);
  });
  afterEach(() => rm(stateDir, { recursive: true }));

  it('keeps bytes under their digest, in a folder of its first two letters', async () => {
    await blobs.put(digest, [bytes.subarray(0, 4), bytes.subarray(4)], 100);
    expect(await blobs.has(digest)).toBe(true);
    expect(await blobs.byteLength(digest)).toBe(bytes.length);
    const path = join(stateDir, 'blobs', digest.slice(0, 2), digest);
    expect(await readFile(path)).toEqual(bytes);
  });

  it('keeps nothing of bytes with another digest', async () => {
    const put = blobs.put(sha256('other'), [bytes], 100);
    await expect(put).rejects.toMatchObject({ code: 'coordinator/blob-digest-mismatch' });
    expect(await blobs.has(sha256('other'))).toBe(false);
    expect(await readdir(join(stateDir, 'incoming'))).toEqual([]);
  });

  it('stops reading as soon as there are too many bytes', async () => {
    const put = blobs.put(digest, [bytes, bytes], bytes.length);
    await expect(put).rejects.toMatchObject({ code: 'coordinator/blob-too-large' });
    expect(await readdir(join(stateDir, 'incoming'))).toEqual([]);
  });

  it('keeps what a writer made, and drops what one that failed had begun', async () => {
    const made = await blobs.create(async (path) => {
      await writeFile(path, bytes);
      return digest;
    });
    expect(await readFile(blobs.path(made))).toEqual(bytes);
    const failing = blobs.create(async (path) => {
      await writeFile(`${path}.partial`, bytes);
      throw new Error('the disk is full');
    });
    await expect(failing).rejects.toThrow('the disk is full');
    expect(await readdir(join(stateDir, 'incoming'))).toEqual([]);
  });

  it('names a blob that is missing', async () => {
    const missing = blobs.byteLength(digest);
    await expect(missing).rejects.toMatchObject({ code: 'coordinator/no-such-blob' });
  });

  it('drops on opening what was still arriving when the last process ended', async () => {
    await writeFile(join(stateDir, 'incoming', 'some'), 'half a mod');
    await BlobStore.open(stateDir);
    expect(await readdir(join(stateDir, 'incoming'))).toEqual([]);
  });
});
