import { createReadStream } from 'node:fs';
import { open, rm, stat } from 'node:fs/promises';
import { assert, type Sha256 } from '@fedvox/base';
import { renameDurably, sha256File } from '@fedvox/base/system';
import {
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
  await fetchRest(client, sha256, partial, maxBytes, signal);
  if ((await sha256File(partial)) !== sha256) {
    await rm(partial);
    throw fail('download-digest-mismatch', { sha256 });
  }
  await renameDurably(partial, path);
}

/** Appends what is missing to the partial file and makes it durable. */
async function fetchRest(
  client: FederationClient,
  sha256: Sha256,
  partial: string,
  maxBytes: number,
  signal: AbortSignal | undefined,
): Promise<void> {
  const file = await open(partial, 'a');
  try {
    let { size } = await file.stat();
    for await (const { totalBytes, chunk } of client.download(sha256, size, signal)) {
      if (totalBytes > maxBytes) {
        throw fail('download-too-large', { sha256, totalBytes, maxBytes });
      }
      size += chunk.byteLength;
      // Whatever these bytes are, they are not what was asked for: the digest will tell.
      if (size > totalBytes) return;
      await file.appendFile(chunk);
    }
    await file.sync();
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
  const { size } = await stat(path);
  if (position.offset >= size) return;
  const chunks: AsyncIterable<Uint8Array> = createReadStream(path, {
    start: position.offset,
    highWaterMark: chunkBytes,
  });
  const { offset: received } = await client.upload(position, chunks, signal);
  if (received < size) throw fail('upload-incomplete', { received, sent: size });
}

/**
 * The coordinator's side of a download: a file from an offset on. There is always at least one part,
 * so that even the last byte's asker learns the total.
 */
export async function* downloadParts(
  path: string,
  offset: number,
  chunkBytes: number = DEFAULT_CHUNK_BYTES,
): AsyncGenerator<DownloadPart> {
  const { size: totalBytes } = await stat(path);
  if (offset >= totalBytes) {
    yield { totalBytes, chunk: new Uint8Array(0) };
    return;
  }
  const stream = createReadStream(path, { start: offset, highWaterMark: chunkBytes });
  for await (const chunk of stream) yield { totalBytes, chunk: chunk as Buffer };
}

async function sizeOf(path: string): Promise<number | undefined> {
  try {
    return (await stat(path)).size;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}
