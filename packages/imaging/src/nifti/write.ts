import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import { writeFileDurably } from '@fedvox/base/system';
import { type LabelMap, spacingMm, type Volume } from '../geometry/grid.js';

/** Most voxels along an axis that NIfTI-1 has room for: 15 bits. */
const MAX_NIFTI_1_SIZE = 32_767;
const UNITS_MM = 2;
const FORM_SCANNER = 1;

/**
 * Writes a volume as NIfTI: float32, or uint8 for a label map. Version 1, which every reader knows, unless
 * an axis is too long for it. Compressed if the name ends in `.gz`. Whole or not at all, even in a crash.
 * The affine is kept in the sform: as float32, in version 2 as double.
 */
export async function writeNifti(path: string, volume: Volume | LabelMap): Promise<void> {
  const bytes = encodeNifti(volume);
  await writeFileDurably(path, path.endsWith('.gz') ? await promisify(gzip)(bytes) : bytes);
}

/** The bytes of an uncompressed single-file NIfTI (nifti1.h, nifti2.h), little endian. */
export function encodeNifti(volume: Volume | LabelMap): Uint8Array {
  const { data, shape } = volume;
  const isLabel = data instanceof Uint8Array;
  const encode = Math.max(...shape) <= MAX_NIFTI_1_SIZE ? nifti1Header : nifti2Header;
  const header = encode(volume, isLabel ? { type: 2, bits: 8 } : { type: 16, bits: 32 });
  const voxels = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
  return Buffer.concat([new Uint8Array(header.buffer), voxels]);
}

interface StoredAs {
  readonly type: number;
  readonly bits: number;
}

function nifti1Header(volume: Volume | LabelMap, { type, bits }: StoredAs): DataView {
  const voxelOffset = 352;
  const header = new DataView(new ArrayBuffer(voxelOffset));
  header.setInt32(0, 348, true);
  dimensions(volume).forEach((size, index) => {
    header.setInt16(40 + 2 * index, size, true);
  });
  header.setInt16(70, type, true);
  header.setInt16(72, bits, true);
  [1, ...spacingMm(volume)].forEach((size, index) => {
    header.setFloat32(76 + 4 * index, size, true);
  });
  header.setFloat32(108, voxelOffset, true);
  header.setFloat32(112, 1, true);
  header.setUint8(123, UNITS_MM);
  header.setInt16(254, FORM_SCANNER, true);
  volume.affineRas.slice(0, 12).forEach((value, index) => {
    header.setFloat32(280 + 4 * index, value, true);
  });
  writeText(header, 344, 'n+1');
  return header;
}

function nifti2Header(volume: Volume | LabelMap, { type, bits }: StoredAs): DataView {
  const voxelOffset = 544;
  const header = new DataView(new ArrayBuffer(voxelOffset));
  header.setInt32(0, 540, true);
  writeText(header, 4, 'n+2\0\r\n\x1a\n');
  header.setInt16(12, type, true);
  header.setInt16(14, bits, true);
  dimensions(volume).forEach((size, index) => {
    header.setBigInt64(16 + 8 * index, BigInt(size), true);
  });
  [1, ...spacingMm(volume)].forEach((size, index) => {
    header.setFloat64(104 + 8 * index, size, true);
  });
  header.setBigInt64(168, BigInt(voxelOffset), true);
  header.setFloat64(176, 1, true);
  header.setInt32(348, FORM_SCANNER, true);
  volume.affineRas.slice(0, 12).forEach((value, index) => {
    header.setFloat64(400 + 8 * index, value, true);
  });
  header.setInt32(500, UNITS_MM, true);
  return header;
}

/** `dim`: how many dimensions, then their sizes. */
function dimensions({ shape }: Volume | LabelMap): number[] {
  return [3, ...shape, 1, 1, 1, 1];
}

function writeText(header: DataView, at: number, text: string): void {
  new Uint8Array(header.buffer).set(Buffer.from(text, 'latin1'), at);
}
