import { createHash } from 'node:crypto';
import { copyFile, open, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { assert, SHA256_PATTERN, type Sha256 } from '@fedvox/base';
import { makeFolderDurably, randomId, renameDurably } from '@fedvox/base/system';
import { fail } from '../errors.js';
import { BLOBS_FOLDER, INCOMING_FOLDER } from './state-files.js';

/**
 * BlobBytes named by their SHA-256: jobs, models and deltas. A blob is there whole and durable, or not at
 * all; rows that name it are written afterwards. One contract suite runs over every implementation.
 */
export interface BlobStore {
  /** Undefined where there is none. */
  find(digest: Sha256): Promise<FoundBlob | undefined>;
  /** A file with these bytes, to be opened at once: whoever reads it reads on to the end. */
  path(digest: Sha256): Promise<string>;
  /** Takes over a whole, synced file whose digest the caller has computed. */
  adopt(path: string, digest: Sha256): Promise<void>;
  /**
   * Keeps what `write` puts, synced, into the file whose path it is given; it answers the digest. What
   * it leaves behind when it fails is dropped.
   */
  create(write: (path: string) => Promise<Sha256>): Promise<Sha256>;
  /** A path for what is not to become a blob: what lies there is dropped at the next start. */
  draft(): string;
  /**
   * Keeps bytes that must have this digest.
   * @throws FedvoxError `coordinator/blob-digest-mismatch`, `coordinator/blob-too-large`
   */
  put(digest: Sha256, bytes: BlobBytes, maxBytes: number): Promise<void>;
  /** Nobody may name the bytes any more. */
  remove(digest: Sha256): Promise<void>;
}

export type BlobBytes = AsyncIterable<Uint8Array> | Iterable<Uint8Array>;

export interface FoundBlob {
  readonly byteLength: number;
  readonly storedAtMs: number;
}

/** @throws FedvoxError `coordinator/no-such-blob` */
export async function blobLength(blobs: BlobStore, digest: Sha256): Promise<number> {
  const found = await blobs.find(digest);
  if (found === undefined) throw fail('no-such-blob', { sha256: digest });
  return found.byteLength;
}

export interface BlobFolders {
  readonly blobs: string;
  /** For what is still arriving; nobody else's. */
  readonly incoming: string;
}

/** Where a state folder has its blobs. */
export function foldersOf(stateDir: string): BlobFolders {
  return { blobs: join(stateDir, BLOBS_FOLDER), incoming: join(stateDir, INCOMING_FOLDER) };
}

/** What is the same wherever blobs end up: they are written down here first. */
export abstract class DraftedBlobs implements BlobStore {
  readonly #incoming: string;

  constructor(incoming: string) {
    this.#incoming = incoming;
  }

  abstract find(digest: Sha256): Promise<FoundBlob | undefined>;
  abstract path(digest: Sha256): Promise<string>;
  abstract adopt(path: string, digest: Sha256): Promise<void>;
  abstract remove(digest: Sha256): Promise<void>;

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

  draft(): string {
    return join(this.#incoming, randomId());
  }

  async put(digest: Sha256, bytes: BlobBytes, maxBytes: number): Promise<void> {
    await this.create(async (path) => {
      const actual = await writeFileOf(path, bytes, maxBytes);
      if (actual !== digest) throw fail('blob-digest-mismatch', { expected: digest, actual });
      return actual;
    });
  }
}

/** Blobs in a folder: `ab/<sha256>`. */
export class FolderBlobs extends DraftedBlobs {
  readonly #folder: string;

  private constructor({ blobs, incoming }: BlobFolders) {
    super(incoming);
    this.#folder = blobs;
  }

  /** Drops what was still arriving when the last process ended. */
  static async open(folders: BlobFolders): Promise<FolderBlobs> {
    await makeFolderDurably(folders.blobs);
    await rm(folders.incoming, { recursive: true, force: true });
    await makeFolderDurably(folders.incoming);
    return new FolderBlobs(folders);
  }

  async path(digest: Sha256): Promise<string> {
    return this.#pathOf(digest);
  }

  async find(digest: Sha256): Promise<FoundBlob | undefined> {
    try {
      const { size: byteLength, mtimeMs: storedAtMs } = await stat(this.#pathOf(digest));
      return { byteLength, storedAtMs };
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
      throw error;
    }
  }

  async adopt(path: string, digest: Sha256): Promise<void> {
    await makeFolderDurably(join(this.#folder, digest.slice(0, 2)));
    try {
      await renameDurably(path, this.#pathOf(digest));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EXDEV') throw error;
      await this.#copyOver(path, digest);
    }
  }

  async remove(digest: Sha256): Promise<void> {
    await rm(this.#pathOf(digest), { force: true });
  }

  #pathOf(digest: Sha256): string {
    assert(SHA256_PATTERN.test(digest), 'a blob is named by a SHA-256');
    return join(this.#folder, digest.slice(0, 2), digest);
  }

  /** From another disk, e.g. where blobs lie on a shared one: beside the blob first, then under its name. */
  async #copyOver(path: string, digest: Sha256): Promise<void> {
    const beside = `${this.#pathOf(digest)}.${randomId()}`;
    try {
      await copyFile(path, beside);
      const file = await open(beside, 'r+');
      await file.sync().finally(() => file.close());
      await renameDurably(beside, this.#pathOf(digest));
    } catch (error) {
      await rm(beside, { force: true });
      throw error;
    }
    await rm(path);
  }
}

async function writeFileOf(path: string, bytes: BlobBytes, maxBytes: number): Promise<Sha256> {
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
