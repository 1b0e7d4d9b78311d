import { readdir } from 'node:fs/promises';
import { type Clock, SHA256_PATTERN, type Sha256 } from '@fedvox/base';
import { sha256File } from '@fedvox/base/system';
import { type BlobBytes, type BlobFolders, FolderBlobs } from './blob-store.js';

/** Whoever has just been given a path must be able to open it. */
const IN_USE_MS = 60_000;

interface Copy {
  readonly byteLength: number;
  readonly usedAtMs: number;
}

/**
 * Copies of blobs that lie elsewhere, those asked for last. One that an earlier process left is hashed
 * before it is used. The folder may be emptied at any time.
 */
export class BlobCache {
  readonly #folder: FolderBlobs;
  readonly #maxBytes: number;
  readonly #clock: Clock;
  /** Least recently used first. */
  readonly #copies = new Map<Sha256, Copy>();
  #bytes = 0;
  readonly #verified = new Set<Sha256>();

  private constructor(folder: FolderBlobs, maxBytes: number, clock: Clock) {
    this.#folder = folder;
    this.#maxBytes = maxBytes;
    this.#clock = clock;
  }

  static async open(folders: BlobFolders, maxBytes: number, clock: Clock): Promise<BlobCache> {
    const folder = await FolderBlobs.open(folders);
    const cache = new BlobCache(folder, maxBytes, clock);
    const left: (Copy & { readonly digest: Sha256 })[] = [];
    for (const name of await readdir(folders.blobs, { recursive: true })) {
      const digest = name.slice(-64);
      if (!SHA256_PATTERN.test(digest)) continue;
      const found = await folder.find(digest);
      if (found === undefined) continue;
      left.push({ digest, byteLength: found.byteLength, usedAtMs: found.storedAtMs });
    }
    left.sort((a, b) => a.usedAtMs - b.usedAtMs);
    for (const { digest, ...copy } of left) cache.#enter(digest, copy);
    await cache.#makeRoom();
    return cache;
  }

  /** The copy's path, to be opened at once; undefined where there is none that is whole. */
  async path(digest: Sha256): Promise<string | undefined> {
    const found = await this.#folder.find(digest);
    if (found === undefined) return undefined;
    const path = await this.#folder.path(digest);
    if (!this.#verified.has(digest) && (await sha256File(path)) !== digest) {
      await this.remove(digest);
      return undefined;
    }
    await this.#used(digest, found.byteLength);
    return path;
  }

  /** @throws FedvoxError `coordinator/blob-digest-mismatch`, `coordinator/blob-too-large` */
  async put(digest: Sha256, bytes: BlobBytes, byteLength: number): Promise<void> {
    await this.#folder.put(digest, bytes, byteLength);
    await this.#used(digest, byteLength);
  }

  async adopt(path: string, digest: Sha256, byteLength: number): Promise<void> {
    await this.#folder.adopt(path, digest);
    await this.#used(digest, byteLength);
  }

  async remove(digest: Sha256): Promise<void> {
    this.#strike(digest);
    this.#verified.delete(digest);
    await this.#folder.remove(digest);
  }

  async #used(digest: Sha256, byteLength: number): Promise<void> {
    this.#verified.add(digest);
    this.#strike(digest);
    this.#enter(digest, { byteLength, usedAtMs: this.#clock.nowMs() });
    await this.#makeRoom();
  }

  #enter(digest: Sha256, copy: Copy): void {
    this.#copies.set(digest, copy);
    this.#bytes += copy.byteLength;
  }

  #strike(digest: Sha256): void {
    this.#bytes -= this.#copies.get(digest)?.byteLength ?? 0;
    this.#copies.delete(digest);
  }

  async #makeRoom(): Promise<void> {
    const nowMs = this.#clock.nowMs();
    for (const [digest, { usedAtMs }] of this.#copies) {
      if (this.#bytes <= this.#maxBytes || nowMs - usedAtMs < IN_USE_MS) return;
      await this.remove(digest);
    }
  }
}
