import { stat } from 'node:fs/promises';
import { isFedvoxError, type Sha256 } from '@fedvox/base';
import { fail } from '../errors.js';
import type { BlobCache } from './blob-cache.js';
import { DraftedBlobs, type FoundBlob } from './blob-store.js';
import type { S3Bucket } from './bucket.js';

/**
 * Blobs in a bucket. Whatever is read is read from a copy here, which was verified as it came; whatever is
 * kept is in the bucket before its promise resolves.
 */
export class BucketBlobs extends DraftedBlobs {
  readonly #bucket: S3Bucket;
  readonly #cache: BlobCache;
  readonly #fetching = new Map<Sha256, Promise<string>>();

  /** @param incoming where drafts lie, on the disk of the cache */
  constructor(bucket: S3Bucket, cache: BlobCache, incoming: string) {
    super(incoming);
    this.#bucket = bucket;
    this.#cache = cache;
  }

  find(digest: Sha256): Promise<FoundBlob | undefined> {
    return this.#bucket.find(digest);
  }

  /**
   * Those who ask for the same bytes at the same time wait for one copy.
   * @throws FedvoxError `coordinator/no-such-blob`, `coordinator/bucket-…`
   */
  path(digest: Sha256): Promise<string> {
    const underWay = this.#fetching.get(digest);
    if (underWay !== undefined) return underWay;
    const fetching = this.#pathOf(digest).finally(() => this.#fetching.delete(digest));
    this.#fetching.set(digest, fetching);
    return fetching;
  }

  async adopt(path: string, digest: Sha256): Promise<void> {
    const { size } = await stat(path);
    await this.#bucket.write(digest, path, size);
    await this.#cache.adopt(path, digest, size);
  }

  async remove(digest: Sha256): Promise<void> {
    await this.#bucket.remove(digest);
    await this.#cache.remove(digest);
  }

  async #pathOf(digest: Sha256): Promise<string> {
    const path = (await this.#cache.path(digest)) ?? (await this.#fetch(digest));
    if (path === undefined) throw fail('no-such-blob', { sha256: digest });
    return path;
  }

  async #fetch(digest: Sha256): Promise<string | undefined> {
    const found = await this.#bucket.find(digest);
    if (found === undefined) return undefined;
    try {
      await this.#bucket.receive(digest, (bytes) =>
        this.#cache.put(digest, bytes, found.byteLength),
      );
    } catch (error) {
      if (!isFedvoxError(error, 'coordinator/blob-digest-mismatch')) throw error;
      throw fail('blob-damaged', { sha256: digest, bucket: this.#bucket.name }, { cause: error });
    }
    return this.#cache.path(digest);
  }
}
