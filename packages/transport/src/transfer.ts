import { createHash } from 'node:crypto';
import { type FileHandle, open, rename, rm, stat } from 'node:fs/promises';
import { assert, type Sha256 } from '@fedvox/base';
import { sha256File } from '@fedvox/base/system';
import {
  chunkBuffer,
  DEFAULT_CHUNK_BYTES,
  type DownloadPart,
  MAX_CHUNK_BYTES,
  type UploadPosition,
} from '@fedvox/protocol';
import type { FederationClient } from './calls/federation-client.js';
import { fail } from './errors.js';

export interface DownloadOptions {
  /** A larger blob is refused before a byte of it is written. */
  readonly maxBytes: number;
  readonly signal?: AbortSignal;
}

/**
 * Fetches the bytes of a digest into `path`, which appears only once it is whole and verified. What an
 * attempt that was cut off has fetched stays beside it (`.partial`), and the next one continues there.
 * Nothing waits for the disk: what a power cut leaves of it is told by its digest, and fetched again.
 * @throws FedvoxError `protocol/download-digest-mismatch`, `protocol/download-too-large`,
 *   `refused/unknown-blob`, and what any call throws
 */
export async function downloadTo(
  client: FederationClient,
  sha256: Sha256,
  path: string,
  { maxBytes, signal }: DownloadOptions,
): Promise<void> {
  if ((await sizeOf(path)) !== undefined && (await sha256File(path)) === sha256) return;
  const partial = `${path}.partial`;
  if ((await fetchRest(client, sha256, partial, maxBytes, signal)) !== sha256) {
    await rm(partial);
    throw fail('download-digest-mismatch', { sha256 });
  }
  await rename(partial, path);
}

/** Appends what is missing to the partial file; answers the digest of the whole. */
async function fetchRest(
  client: FederationClient,
  sha256: Sha256,
  partial: string,
  maxBytes: number,
  signal: AbortSignal | undefined,
): Promise<Sha256> {
  const file = await open(partial, 'a+');
  try {
    const hash = createHash('sha256');
    let size = 0;
    for await (const piece of piecesOf(file, 0, DEFAULT_CHUNK_BYTES)) {
      hash.update(piece);
      size += piece.byteLength;
    }
    for await (const { totalBytes, chunk } of client.download(sha256, size, signal)) {
      if (totalBytes > maxBytes) {
        throw fail('download-too-large', { sha256, totalBytes, maxBytes });
      }
      size += chunk.byteLength;
      hash.update(chunk);
      // Whatever these bytes are, they are not what was asked for: the digest will tell.
      if (size > totalBytes) break;
      await file.appendFile(chunk);
    }
    return hash.digest('hex');
  } finally {
    await file.close();
  }
}

export interface UploadOptions {
  readonly chunkBytes?: number;
  readonly signal?: AbortSignal;
}

/**
 * Sends a file from the position on that `beginUpload` named. Where the connection breaks, ask
 * `beginUpload` again: it says from which byte to continue.
 * @throws FedvoxError `protocol/upload-incomplete`, and what any call throws
 */
export async function uploadFrom(
  client: FederationClient,
  position: UploadPosition,
  path: string,
  { chunkBytes = DEFAULT_CHUNK_BYTES, signal }: UploadOptions = {},
): Promise<void> {
  assert(chunkBytes > 0 && chunkBytes <= MAX_CHUNK_BYTES, 'a chunk is within the wire’s limit');
  const file = await open(path, 'r');
  try {
    const { size } = await file.stat();
    if (position.offset >= size) return;
    const chunks = piecesOf(file, position.offset, chunkBytes);
    const { offset: received } = await client.upload(position, chunks, signal);
    if (received < size) throw fail('upload-incomplete', { received, sent: size });
  } finally {
    await file.close();
  }
}

/**
 * The coordinator's side of a download: a file from an offset on. There is always at least one part,
 * so that even the last byte's asker learns the total. A part's bytes are its reader's until it asks for
 * the next.
 */
export async function* downloadParts(
  path: string,
  offset: number,
  chunkBytes: number = DEFAULT_CHUNK_BYTES,
): AsyncGenerator<DownloadPart> {
  const file = await open(path, 'r');
  try {
    const { size: totalBytes } = await file.stat();
    if (offset >= totalBytes) yield { totalBytes, chunk: new Uint8Array(0) };
    for await (const chunk of piecesOf(file, offset, chunkBytes)) yield { totalBytes, chunk };
  } finally {
    await file.close();
  }
}

/** A file's bytes from an offset on, all in the same memory: a piece is its reader's until it asks for the next. */
async function* piecesOf(
  file: FileHandle,
  offset: number,
  pieceBytes: number,
): AsyncGenerator<Buffer> {
  const memory = chunkBuffer(pieceBytes);
  for (let position = offset; ; ) {
    const { bytesRead } = await file.read(memory, 0, pieceBytes, position);
    if (bytesRead === 0) return;
    position += bytesRead;
    yield memory.subarray(0, bytesRead);
  }
}

async function sizeOf(path: string): Promise<number | undefined> {
  try {
    return (await stat(path)).size;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}
