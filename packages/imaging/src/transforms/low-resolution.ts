import { affineFromColumns, apply, column } from '../geometry/affine.js';
import type { Grid, Volume } from '../geometry/grid.js';
import { scale, type Vec3 } from '../geometry/vector.js';
import { portableVoxels } from '../voxel-engine/portable/portable-voxels.js';
import type { VoxelEngine } from '../voxel-engine/voxel-engine.js';
import { sampleLinear, sampleNearest } from './grid-sampling.js';

/**
 * The image as a coarser scan would show it: sampled at `zoom` times its voxels along each axis,
 * nearest, and brought back to its own grid, trilinear (after MONAI's `RandSimulateLowResolution`).
 * @param zoom in (0, 1]
 */
export function lowResolution(
  image: Volume,
  zoom: number,
  voxels: VoxelEngine = portableVoxels,
): Volume {
  const coarse = sampleNearest(image, zoomedGrid(image, zoom), 'edge', voxels);
  const { data } = sampleLinear(coarse, image, 'edge', voxels);
  return { ...image, data };
}

/** The grid of round(zoom · n) voxels that covers the same box. */
export function zoomedGrid({ shape, affineRas }: Grid, zoom: number): Grid {
  const size = shape.map((length) => Math.max(1, Math.round(length * zoom))) as unknown as Vec3;
  const steps = shape.map((length, axis) => length / (size[axis] as number)) as unknown as Vec3;
  const [i, j, k] = ([0, 1, 2] as const).map((axis) =>
    scale(column(affineRas, axis), steps[axis]),
  ) as [Vec3, Vec3, Vec3];
  // Voxels are boxes: the first coarse one starts where the first fine one does, half a voxel out.
  const first = steps.map((step) => (step - 1) / 2) as unknown as Vec3;
  return { shape: size, affineRas: affineFromColumns(i, j, k, apply(affineRas, first)) };
}
