import { crc32 } from 'node:zlib';
import { assert } from '@fedvox/base';
import { z } from 'zod';
import type { Case } from '../geometry/case.js';

/**
 * A cached case as one file:
 *
 *     magic 8 bytes · header length uint32 · CRC-32 of the rest uint32 · header JSON, padded to 4
 *     · image float32 · label uint8
 *
 * all little endian. An entry whose length or checksum is off counts as absent.
 */
const MAGIC = 'FVXCASE1';
export const PREFIX_BYTES = 16;

const headerSchema = z.strictObject({
  shape: z.tuple([z.int().positive(), z.int().positive(), z.int().positive()]),
  affineRas: z.array(z.number()).length(16),
  hasLabel: z.boolean(),
  modality: z.string().optional(),
});

export function encodeEntry({ image, label, modality }: Case): Uint8Array {
  assert(
    label === undefined || label.data.length === image.data.length,
    'a label lies on the grid of its image',
  );
  const { shape, affineRas } = image;
  const header = JSON.stringify({ shape, affineRas, hasLabel: label !== undefined, modality });
  const padded = Buffer.from(header.padEnd(Math.ceil(header.length / 4) * 4));
  const prefix = Buffer.alloc(PREFIX_BYTES);
  prefix.write(MAGIC, 'latin1');
  prefix.writeUInt32LE(padded.length, 8);
  const body = [padded, bytesOf(image.data), ...(label === undefined ? [] : [label.data])];
  prefix.writeUInt32LE(
    body.reduce((sum, part) => crc32(part, sum), 0),
    12,
  );
  return Buffer.concat([prefix, ...body]);
}

/**
 * The case in an entry's bytes; `undefined` if they are not a whole, undamaged entry. Its voxels are
 * views of those bytes where they are aligned, as they are in a file read whole: no second copy.
 */
export function decodeEntry(bytes: Uint8Array): Case | undefined {
  const prefix = Buffer.from(bytes.buffer, bytes.byteOffset, Math.min(bytes.length, PREFIX_BYTES));
  if (!isPrefix(prefix)) return undefined;
  if (crc32(bytes.subarray(PREFIX_BYTES)) !== prefix.readUInt32LE(12)) return undefined;
  // The checksum vouches for the header: what does not parse now is a bug and not damage.
  const imageStart = imageStartOf(prefix);
  const layout = layoutOf(bytes.subarray(PREFIX_BYTES, imageStart));
  const { shape, affineRas, hasLabel, modality, imageEnd, length } = layout;
  assert(bytes.length === length, 'an entry is as long as it says');
  const image = { shape, affineRas, data: floatsOf(bytes.subarray(imageStart, imageEnd)) };
  const label = {
    shape,
    affineRas,
    data: new Uint8Array(bytes.buffer, bytes.byteOffset + imageEnd, bytes.length - imageEnd),
  };
  return {
    image,
    ...(hasLabel ? { label } : {}),
    ...(modality === undefined ? {} : { modality }),
  };
}

/** Whether an entry begins so. */
export function isPrefix(prefix: Buffer): boolean {
  return prefix.length >= PREFIX_BYTES && prefix.toString('latin1', 0, 8) === MAGIC;
}

/** Where its image begins: the header lies in between. */
export function imageStartOf(prefix: Buffer): number {
  return PREFIX_BYTES + prefix.readUInt32LE(8);
}

/** What a header says, and in which bytes of its entry the label begins and the entry ends. */
export function layoutOf(header: Uint8Array) {
  const said = headerSchema.parse(JSON.parse(Buffer.from(header).toString()));
  const voxels = said.shape[0] * said.shape[1] * said.shape[2];
  const imageEnd = PREFIX_BYTES + header.length + 4 * voxels;
  return { ...said, imageEnd, length: imageEnd + (said.hasLabel ? voxels : 0) };
}

function bytesOf(data: Float32Array): Uint8Array {
  return new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
}

function floatsOf(bytes: Uint8Array): Float32Array {
  const isAligned = bytes.byteOffset % Float32Array.BYTES_PER_ELEMENT === 0;
  const { buffer, byteOffset, byteLength } = isAligned ? bytes : new Uint8Array(bytes);
  return new Float32Array(
    buffer as ArrayBuffer,
    byteOffset,
    byteLength / Float32Array.BYTES_PER_ELEMENT,
  );
}
