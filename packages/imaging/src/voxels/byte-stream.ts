import { createReadStream } from 'node:fs';
import { open } from 'node:fs/promises';
import { pipeline, type Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { FedvoxError } from '@fedvox/base';
import { fail } from '../errors.js';

/** Bytes of a file in pieces, decompressed if they are gzip: every member, one after the other. */
export interface ByteStream {
  readonly pieces: Readable;
  /** The file cannot hold more bytes than this, however well they compress. */
  readonly maxBytes: number;
}

const PIECE_BYTES = 256 * 1024;
/** Deflate cannot pack denser than 1,032 to 1. */
const MAX_DEFLATE_RATIO = 1032;

export interface ByteStreamOptions {
  /** First byte of the file that belongs to the stream. */
  readonly start?: number;
  /** Found out from the first two bytes where absent. */
  readonly isGzip?: boolean;
}

/**
 * Opens a file as a stream of bytes.
 * @throws FedvoxError `folder-unreadable`
 */
export async function openByteStream(
  path: string,
  { start = 0, isGzip: isKnownGzip }: ByteStreamOptions = {},
): Promise<ByteStream> {
  try {
    const { size, startsAsGzip } = await look(path, start);
    const isGzip = isKnownGzip ?? startsAsGzip;
    const file = createReadStream(path, { start, highWaterMark: PIECE_BYTES });
    if (!isGzip) return { pieces: file, maxBytes: size };
    const gunzip = createGunzip({ chunkSize: PIECE_BYTES });
    // `pipeline` hands a failure of either side to whoever iterates over the last one.
    pipeline(file, gunzip, () => undefined);
    return { pieces: gunzip, maxBytes: size * MAX_DEFLATE_RATIO };
  } catch (cause) {
    const { code = 'unknown' } = cause as NodeJS.ErrnoException;
    throw fail('folder-unreadable', { path, reason: code }, { cause });
  }
}

/**
 * The first bytes of a stream, `count` of them or all there are; the rest is not read.
 * @throws FedvoxError `corrupt-file`
 */
export async function readStart(
  path: string,
  { pieces }: ByteStream,
  count: number,
): Promise<Uint8Array> {
  return decompressing(path, async () => {
    let head: Uint8Array = new Uint8Array(0);
    for await (const piece of pieces as AsyncIterable<Uint8Array>) {
      head = Buffer.concat([head, piece]);
      if (head.length >= count) break;
    }
    return head;
  });
}

/** Runs a read, turning what zlib and the file system throw into `corrupt-file`. */
export async function decompressing<T>(path: string, read: () => Promise<T>): Promise<T> {
  try {
    return await read();
  } catch (cause) {
    if (cause instanceof FedvoxError) throw cause;
    const { code } = cause as NodeJS.ErrnoException;
    if (code === undefined) throw cause;
    throw fail('corrupt-file', { path, reason: `it does not decompress (${code})` }, { cause });
  }
}

async function look(path: string, start: number): Promise<{ size: number; startsAsGzip: boolean }> {
  const file = await open(path);
  try {
    const magic = new Uint8Array(2);
    await file.read(magic, 0, 2, start);
    const { size } = await file.stat();
    return { size: size - start, startsAsGzip: magic[0] === 0x1f && magic[1] === 0x8b };
  } finally {
    await file.close();
  }
}
