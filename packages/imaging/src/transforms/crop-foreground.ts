import type { Volume } from '../geometry/grid.js';
import type { Vec3 } from '../geometry/vector.js';

/** Voxels of a grid: the first one, and how many along each axis. */
export interface Box {
  readonly start: Vec3;
  readonly size: Vec3;
}

/**
 * The smallest box that holds every voxel above a value, widened by a margin within the image (MONAI's
 * `CropForeground`); the whole image where nothing is above it.
 */
export function foregroundBox(image: Volume, above: number, marginVoxels: number): Box {
  const { data, shape } = image;
  const low = [...shape] as [number, number, number];
  const high: [number, number, number] = [-1, -1, -1];
  let at = 0;
  for (let k = 0; k < shape[2]; k++) {
    for (let j = 0; j < shape[1]; j++) {
      for (let i = 0; i < shape[0]; i++, at++) {
        if (!((data[at] as number) > above)) continue;
        low[0] = Math.min(low[0], i);
        high[0] = Math.max(high[0], i);
        low[1] = Math.min(low[1], j);
        high[1] = Math.max(high[1], j);
        low[2] = Math.min(low[2], k);
        high[2] = k;
      }
    }
  }
  if (high[0] < 0) return { start: [0, 0, 0], size: shape };
  const start = low.map((first) => Math.max(0, first - marginVoxels));
  const end = high.map((last, axis) => Math.min(shape[axis] as number, last + 1 + marginVoxels));
  const size = end.map((each, axis) => each - (start[axis] as number));
  return { start: start as unknown as Vec3, size: size as unknown as Vec3 };
}
