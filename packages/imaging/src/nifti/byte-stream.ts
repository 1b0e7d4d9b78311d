import { createReadStream } from 'node:fs';
import { open, stat } from 'node:fs/promises';
import { pipeline, type Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { fail } from '../errors.js';

/** Bytes of a file in pieces, decompressed if it is gzip; every member of it, one after the other. */
export interface ByteStream {
  readonly pieces: Readable;
  /** No file can hold more bytes than this, however well they compress. */
  readonly maxBytes: number;
}

const PIECE_BYTES = 256 * 1024;
/** Deflate cannot pack denser than 1,032 to 1. */
const MAX_DEFLATE_RATIO = 1032;

/** @throws FedvoxError `folder-unreadable` */
export async function openByteStream(path: string): Promise<ByteStream> {
  try {
    const { size } = await stat(path);
    const file = createReadStream(path, { highWaterMark: PIECE_BYTES });
    if (!(await isGzip(path))) return { pieces: file, maxBytes: size };
    const gunzip = createGunzip({ chunkSize: PIECE_BYTES });
    // `pipeline` hands a failure of either side to whoever iterates over the last one.
    pipeline(file, gunzip, () => undefined);
    return { pieces: gunzip, maxBytes: size * MAX_DEFLATE_RATIO };
  } catch (cause) {
    const { code = 'unknown' } = cause as NodeJS.ErrnoException;
    throw fail('folder-unreadable', { path, reason: code }, { cause });
  }
}

async function isGzip(path: string): Promise<boolean> {
  const file = await open(path);
  try {
    const magic = new Uint8Array(2);
    await file.read(magic, 0, 2, 0);
    return magic[0] === 0x1f && magic[1] === 0x8b;
  } finally {
    await file.close();
  }
}
