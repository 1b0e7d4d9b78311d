import { type FileHandle, open } from 'node:fs/promises';
import { assert } from '@fedvox/base';
import { shifted } from '../geometry/affine.js';
import type { Case } from '../geometry/case.js';
import type { Vec3 } from '../geometry/vector.js';
import { caseWindow } from '../transforms/crop-or-pad.js';
import { imageStartOf, isPrefix, layoutOf, PREFIX_BYTES } from './cache-entry.js';

/**
 * A box of the case in a file of the cache, of which no more is read than the rows of voxels that it lies in;
 * `undefined` where there is no entry, or one that is not as long as it says. Whoever wants to know that its voxels
 * are undamaged reads it whole.
 */
export async function readWindow(path: string, start: Vec3, size: Vec3): Promise<Case | undefined> {
  const file = await open(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'ENOENT') throw error;
    return undefined;
  });
  try {
    return file && (await windowOf(file, start, size));
  } finally {
    await file?.close();
  }
}

async function windowOf(file: FileHandle, start: Vec3, size: Vec3): Promise<Case | undefined> {
  const { size: fileLength } = await file.stat();
  const prefix = await bytesAt(file, 0, PREFIX_BYTES);
  if (!isPrefix(prefix)) return undefined;
  const imageStart = imageStartOf(prefix);
  if (fileLength < imageStart) return undefined;
  const layout = layoutOf(await bytesAt(file, PREFIX_BYTES, imageStart - PREFIX_BYTES));
  const { shape, affineRas, hasLabel, modality, imageEnd, length } = layout;
  if (fileLength !== length) return undefined;
  const [nx] = shape;
  const [fromY, rows] = inside(start[1], size[1], shape[1]);
  const [fromZ, planes] = inside(start[2], size[2], shape[2]);
  const slabShape: Vec3 = [nx, rows, planes];
  const slabGrid = { shape: slabShape, affineRas: shifted(affineRas, [0, fromY, fromZ]) };
  const fill = async <V extends Float32Array | Uint8Array>(data: V, begin: number) => {
    const bytes = new Uint8Array(data.buffer);
    const [ofRow, ofPlane] = [nx * data.BYTES_PER_ELEMENT, bytes.length / planes];
    for (let plane = 0; plane < planes; plane++) {
      const position = begin + ofRow * (fromY + shape[1] * (fromZ + plane));
      const { bytesRead } = await file.read(bytes, plane * ofPlane, ofPlane, position);
      assert(bytesRead === ofPlane, 'an entry on disk does not become shorter');
    }
    return { ...slabGrid, data };
  };
  const voxels = nx * rows * planes;
  const slab: Case = {
    image: await fill(new Float32Array(voxels), imageStart),
    ...(hasLabel && { label: await fill(new Uint8Array(voxels), imageEnd) }),
    ...(modality !== undefined && { modality }),
  };
  return caseWindow(slab, [start[0], start[1] - fromY, start[2] - fromZ], size);
}

/** Of so many voxels from `start` on, the first that is inside of an axis, and how many are. */
function inside(start: number, size: number, axis: number): [number, number] {
  const from = Math.min(Math.max(start, 0), axis);
  return [from, Math.max(0, Math.min(start + size, axis) - from)];
}

async function bytesAt(file: FileHandle, position: number, length: number): Promise<Buffer> {
  const { buffer, bytesRead } = await file.read(Buffer.alloc(length), 0, length, position);
  return buffer.subarray(0, bytesRead);
}
