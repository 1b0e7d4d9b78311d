import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import { assert, writeFileDurably } from '@fedvox/base';
import { type LabelMap, spacingMm, type Volume } from '../geometry/grid.js';

const HEADER_BYTES = 348;
const VOXEL_OFFSET = 352;
const MAX_SIZE = 32_767;
const UNITS_MM = 2;
const FORM_SCANNER = 1;

/**
 * Writes a volume as NIfTI-1: float32, or uint8 for a label map. Compressed if the name ends in
 * `.gz`. Whole or not at all, even in a crash. The affine is kept as float32, in the sform.
 */
export async function writeNifti(path: string, volume: Volume | LabelMap): Promise<void> {
  const bytes = encodeNifti(volume);
  await writeFileDurably(path, path.endsWith('.gz') ? await promisify(gzip)(bytes) : bytes);
}

/** The bytes of an uncompressed single-file NIfTI-1 (nifti1.h), little endian. */
export function encodeNifti(volume: Volume | LabelMap): Uint8Array {
  const { shape, affineRas, data } = volume;
  assert(
    shape.every((size) => size <= MAX_SIZE),
    'a NIfTI-1 dimension fits 15 bits',
  );
  const isLabel = data instanceof Uint8Array;
  const header = new DataView(new ArrayBuffer(VOXEL_OFFSET));
  header.setInt32(0, HEADER_BYTES, true);
  [3, ...shape, 1, 1, 1, 1].forEach((size, index) => {
    header.setInt16(40 + 2 * index, size, true);
  });
  header.setInt16(70, isLabel ? 2 : 16, true);
  header.setInt16(72, isLabel ? 8 : 32, true);
  [1, ...spacingMm(volume)].forEach((size, index) => {
    header.setFloat32(76 + 4 * index, size, true);
  });
  header.setFloat32(108, VOXEL_OFFSET, true);
  header.setFloat32(112, 1, true);
  header.setUint8(123, UNITS_MM);
  header.setInt16(254, FORM_SCANNER, true);
  affineRas.slice(0, 12).forEach((value, index) => {
    header.setFloat32(280 + 4 * index, value, true);
  });
  new Uint8Array(header.buffer).set(new TextEncoder().encode('n+1'), 344);
  const voxels = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
  return Buffer.concat([new Uint8Array(header.buffer), voxels]);
}
