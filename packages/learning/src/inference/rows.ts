import type { Size } from '@fedvox/job';

/** Voxel index, possibly outside the volume. */
export type Origin = readonly [number, number, number];

/**
 * Visits the voxels that a window at `origin` shares with a volume, a run along x at a time. Both hold
 * x fastest; what of the window lies outside the volume is left out.
 */
export function sharedRows(
  volume: Size | readonly number[],
  window: Size,
  origin: Origin,
  visit: (volumeIndex: number, windowIndex: number, length: number) => void,
): void {
  const [nx, ny, nz] = volume as Size;
  const [wx, wy, wz] = window;
  const [ox, oy, oz] = origin;
  const firstX = Math.max(0, ox);
  const length = Math.min(nx, ox + wx) - firstX;
  if (length <= 0) return;
  for (let z = Math.max(0, oz); z < Math.min(nz, oz + wz); z++) {
    for (let y = Math.max(0, oy); y < Math.min(ny, oy + wy); y++) {
      const windowIndex = firstX - ox + wx * (y - oy + wy * (z - oz));
      visit(firstX + nx * (y + ny * z), windowIndex, length);
    }
  }
}
