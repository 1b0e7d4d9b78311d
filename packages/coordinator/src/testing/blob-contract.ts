import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sha256 } from '@fedvox/base';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type BlobStore, blobLength } from '../store/blob-store.js';

const bytes = Buffer.from('some weights');
const digest = sha256(bytes);

/**
 * What every `BlobStore` must do, wherever it keeps its bytes.
 * @param open on a folder of its own, in which drafts lie in `incoming`; again on the same, another life of the same store
 */
export function describeBlobs(name: string, open: (folder: string) => Promise<BlobStore>): void {
  describe(name, () => {
    let folder: string;
    let blobs: BlobStore;
    beforeEach(async () => {
      folder = await mkdtemp(join(tmpdir(), 'fedvox-blobs-'));
      blobs = await open(folder);
    });
    afterEach(() => rm(folder, { recursive: true }));
    const drafts = () => readdir(join(folder, 'incoming'));

    it('keeps bytes under their digest, for the next process too', async () => {
      const beforeMs = Date.now();
      await blobs.put(digest, [bytes.subarray(0, 4), bytes.subarray(4)], 100);
      const again = await open(folder);
      for (const each of [blobs, again]) {
        expect(await readFile(await each.path(digest))).toEqual(bytes);
        const found = await each.find(digest);
        expect(found?.byteLength).toBe(bytes.length);
        // A bucket tells the time to the second.
        expect(found?.storedAtMs).toBeGreaterThan(beforeMs - 2_000);
        expect(found?.storedAtMs).toBeLessThan(Date.now() + 2_000);
      }
    });

    it('keeps nothing of bytes with another digest', async () => {
      const put = blobs.put(sha256('other'), [bytes], 100);
      await expect(put).rejects.toMatchObject({ code: 'coordinator/blob-digest-mismatch' });
      expect(await blobs.find(sha256('other'))).toBeUndefined();
      expect(await drafts()).toEqual([]);
    });

    it('stops reading as soon as there are too many bytes', async () => {
      const put = blobs.put(digest, [bytes, bytes], bytes.length);
      await expect(put).rejects.toMatchObject({ code: 'coordinator/blob-too-large' });
      expect(await drafts()).toEqual([]);
    });

    it('keeps what a writer made, and drops what one that failed had begun', async () => {
      const made = await blobs.create(async (path) => {
        await writeFile(path, bytes);
        return digest;
      });
      expect(await readFile(await blobs.path(made))).toEqual(bytes);
      const failing = blobs.create(async (path) => {
        await writeFile(`${path}.partial`, bytes);
        throw new Error('the disk is full');
      });
      await expect(failing).rejects.toThrow('the disk is full');
      expect(await drafts()).toEqual([]);
    });

    it('takes over a file, and the same once more', async () => {
      for (const name of ['first', 'second']) {
        const path = join(folder, name);
        await writeFile(path, bytes);
        await blobs.adopt(path, digest);
        expect(await readFile(await blobs.path(digest))).toEqual(bytes);
        expect(await readdir(folder)).not.toContain(name);
      }
    });

    it('names a blob that is missing, and one that was removed', async () => {
      const missing = { code: 'coordinator/no-such-blob' };
      await expect(blobLength(blobs, digest)).rejects.toMatchObject(missing);
      await blobs.remove(digest);
      await blobs.put(digest, [bytes], 100);
      await blobs.remove(digest);
      await expect(blobLength(blobs, digest)).rejects.toMatchObject(missing);
    });

    it('drops on opening what was still arriving when the last process ended', async () => {
      await writeFile(blobs.draft(), 'half a mod');
      await open(folder);
      expect(await drafts()).toEqual([]);
    });
  });
}
