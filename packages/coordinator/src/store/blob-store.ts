import { createHash } from 'node:crypto';
import { open, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { assert, SHA256_PATTERN, type Sha256 } from '@fedvox/base';
import { makeFolderDurably, randomId, renameDurably } from '@fedvox/base/system';
import { fail } from '../errors.js';
import { BLOBS_FOLDER, INCOMING_FOLDER } from './state-files.js';

/**
 * Bytes named by their SHA-256: jobs, models and deltas, in `blobs/ab/<sha256>`. A blob is there
 * whole and durable, or not at all; rows that name it are written afterwards.
 */
export class BlobStore {
  readonly #folder: string;
  readonly #incoming: string;

  private constructor(stateDir: string) {
    this.#folder = join(stateDir, BLOBS_FOLDER);
    this.#incoming = join(stateDir, INCOMING_FOLDER);
  }

  /** Drops what was still arriving when the last process ended. */
  static async open(stateDir: string): Promise<BlobStore> {
    const store = new BlobStore(stateDir);
    await makeFolderDurably(store.#folder);
    await rm(store.#incoming, { recursive: true, force: true });
    await makeFolderDurably(store.#incoming);
    return store;
  }

  path(digest: Sha256): string {
    assert(SHA256_PATTERN.test(digest), 'a blob is named by a SHA-256');
    return join(this.#folder, digest.slice(0, 2), digest);
  }

  async has(digest: Sha256): Promise<boolean> {
    return (await this.#byteLengthIfPresent(digest)) !== undefined;
  }

  /** @throws FedvoxError `coordinator/no-such-blob` */
  async byteLength(digest: Sha256): Promise<number> {
    const byteLength = await this.#byteLengthIfPresent(digest);
    if (byteLength === undefined) throw fail('no-such-blob', { sha256: digest });
    return byteLength;
  }

  /** Takes over a whole, synced file whose digest the caller has computed. */
  async adopt(path: string, digest: Sha256): Promise<void> {
    await makeFolderDurably(join(this.#folder, digest.slice(0, 2)));
    await renameDurably(path, this.path(digest));
  }

  /**
   * Keeps what `write` puts, synced, into the file whose path it is given; it answers the digest. What
   * it leaves behind when it fails is dropped.
   */
  async create(write: (path: string) => Promise<Sha256>): Promise<Sha256> {
    const path = this.draft();
    try {
      const digest = await write(path);
      await this.adopt(path, digest);
      return digest;
    } catch (error) {
      for (const name of [path, `${path}.partial`]) await rm(name, { force: true });
      throw error;
    }
  }

  /** A path for what is not to become a blob: what lies there is dropped at the next start. */
  draft(): string {
    return join(this.#incoming, randomId());
  }

  /**
   * Keeps bytes that must have this digest.
   * @throws FedvoxError `coordinator/blob-digest-mismatch`, `coordinator/blob-too-large`
   */
  async put(
    digest: Sha256,
    bytes: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
    maxBytes: number,
  ): Promise<void> {
    await this.create(async (path) => {
      const actual = await writeFileOf(path, bytes, maxBytes);
      if (actual !== digest) throw fail('blob-digest-mismatch', { expected: digest, actual });
      return actual;
    });
  }

  /** Nobody may name the bytes any more. Whoever is reading them reads on to the end. */
  async remove(digest: Sha256): Promise<void> {
    await rm(this.path(digest), { force: true });
  }

  async #byteLengthIfPresent(digest: Sha256): Promise<number | undefined> {
    try {
      return (await stat(this.path(digest))).size;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
      throw error;
    }
  }
}

async function writeFileOf(
  path: string,
  bytes: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
  maxBytes: number,
): Promise<Sha256> {
  const file = await open(path, 'wx');
  const hash = createHash('sha256');
  let written = 0;
  try {
    for await (const chunk of bytes) {
      written += chunk.byteLength;
      if (written > maxBytes) throw fail('blob-too-large', { maxBytes });
      hash.update(chunk);
      await file.writeFile(chunk);
    }
    await file.sync();
  } finally {
    await file.close();
  }
  return hash.digest('hex');
}
