import { BinaryReader, BinaryWriter } from '@bufbuild/protobuf/wire';
import type { Codec } from './codec.js';
import { DownloadResponse, UploadRequest } from './generated/fedvox/v1/federation.js';

/** More than precedes a chunk in its message: tags and lengths, an offset, a digest. */
const ROOM_BYTES = 128;
const WITH_ROOM = new WeakSet<ArrayBufferLike>();

/** Memory for chunks with room before it, in which the rest of a chunk's message is written around it. */
export function chunkBuffer(byteLength: number): Buffer {
  const whole = Buffer.allocUnsafeSlow(ROOM_BYTES + byteLength);
  WITH_ROOM.add(whole.buffer);
  return whole.subarray(ROOM_BYTES);
}

/** Tags of the fields, by their numbers and how they are written (0 a number, 2 bytes). */
const TOTAL_BYTES = (1 << 3) | 0;
const DOWNLOADED_CHUNK = (2 << 3) | 2;
const STATEMENT = (1 << 3) | 2;
const OFFSET = (2 << 3) | 0;
const UPLOADED_CHUNK = (3 << 3) | 2;

/**
 * The message in the bytes of the generated code, without its copies of the chunk: one in a `chunkBuffer` is
 * not copied at all, and is free for other bytes when its message is. A decoded chunk is a part of the
 * message's own bytes.
 */
export const downloadResponseCodec: Codec<DownloadResponse> = {
  encode: ({ totalBytes, chunk }) => {
    const before = new BinaryWriter();
    if (totalBytes !== 0) before.uint32(TOTAL_BYTES).uint64(totalBytes);
    return { finish: () => withChunk(before, DOWNLOADED_CHUNK, chunk) };
  },
  decode: (bytes) => {
    const message = DownloadResponse.create();
    readFields(bytes, (tag, reader) => {
      if (tag === TOTAL_BYTES) message.totalBytes = numberOf(reader.uint64());
      else if (tag === DOWNLOADED_CHUNK) message.chunk = bufferOf(reader.bytes());
      else return false;
      return true;
    });
    return message;
  },
};

/** As `downloadResponseCodec`. */
export const uploadRequestCodec: Codec<UploadRequest> = {
  encode: ({ statementSha256, offset, chunk }) => {
    const before = new BinaryWriter();
    if (statementSha256.length > 0) before.uint32(STATEMENT).bytes(statementSha256);
    if (offset !== 0) before.uint32(OFFSET).uint64(offset);
    return { finish: () => withChunk(before, UPLOADED_CHUNK, chunk) };
  },
  decode: (bytes) => {
    const message = UploadRequest.create();
    readFields(bytes, (tag, reader) => {
      if (tag === STATEMENT) message.statementSha256 = bufferOf(reader.bytes());
      else if (tag === OFFSET) message.offset = numberOf(reader.uint64());
      else if (tag === UPLOADED_CHUNK) message.chunk = bufferOf(reader.bytes());
      else return false;
      return true;
    });
    return message;
  },
};

/** The same bytes as a Buffer, which is what generated messages hold. */
export function bufferOf({ buffer, byteOffset, byteLength }: Uint8Array): Buffer {
  return Buffer.from(buffer, byteOffset, byteLength);
}

/** The chunk is the last field of its message, so that all else precedes it. */
function withChunk(writer: BinaryWriter, tag: number, chunk: Uint8Array): Uint8Array {
  if (chunk.length === 0) return writer.finish();
  const before = writer.uint32(tag).uint32(chunk.length).finish();
  const { buffer, byteOffset } = chunk;
  if (byteOffset !== ROOM_BYTES || !WITH_ROOM.has(buffer)) return Buffer.concat([before, chunk]);
  const start = byteOffset - before.length;
  const message = Buffer.from(buffer, start, before.length + chunk.length);
  message.set(before);
  return message;
}

/**
 * Hands each field's tag over until the message ends; passes over those that nobody knows, as the generated
 * code does, and ends where it does.
 */
function readFields(
  bytes: Uint8Array,
  isKnown: (tag: number, reader: BinaryReader) => boolean,
): void {
  const reader = new BinaryReader(bytes);
  while (reader.pos < reader.len) {
    const tag = reader.uint32();
    if (isKnown(tag, reader)) continue;
    if ((tag & 7) === 4 || tag === 0) return;
    reader.skip(tag & 7);
  }
}

function numberOf(value: bigint | string): number {
  const number = Number(value);
  if (number > Number.MAX_SAFE_INTEGER) {
    throw new Error('Value is larger than Number.MAX_SAFE_INTEGER');
  }
  return number;
}
