import { assert } from '@fedvox/base';
import { type Affine, column, isUsable } from './affine.js';
import { length, type Vec3 } from './vector.js';

/** Where voxels lie: their number along i, j and k, and the affine from index to RAS+ millimetres. */
export interface Grid {
  readonly shape: Vec3;
  readonly affineRas: Affine;
}

/** A scan. Voxel (i, j, k) is at `i + nx * (j + ny * k)`: i fastest, NIfTI's order. */
export interface Volume extends Grid {
  readonly data: Float32Array;
}

/** Class indices of the job per voxel, in the same order; 0 is background. */
export interface LabelMap extends Grid {
  readonly data: Uint8Array;
}

/** Most voxels one volume may have: 1,024³, 4 GiB as float32. A header that claims more is refused. */
export const MAX_VOXELS = 1024 ** 3;

/** No scanner measures more, in whatever unit; squares of it still add up in float32. */
export const MAX_MAGNITUDE = 1e15;

export function voxelCount({ shape }: Grid): number {
  return shape[0] * shape[1] * shape[2];
}

/** Asserts what holds of the grid of every volume: it has voxels, and each is somewhere and has a size. */
export function assertUsable({ shape, affineRas }: Grid): void {
  assert(
    shape.every((size) => Number.isSafeInteger(size) && size > 0) && isUsable(affineRas),
    'the grid of a volume has a size, a position and a spacing',
  );
}

/** Length of a step along each voxel axis, in mm. */
export function spacingMm({ affineRas }: Grid): Vec3 {
  return [0, 1, 2].map((axis) => length(column(affineRas, axis as 0 | 1 | 2))) as unknown as Vec3;
}

/** Volume of one voxel in millilitres. */
export function voxelMl(grid: Grid): number {
  const [x, y, z] = spacingMm(grid);
  return (x * y * z) / 1000;
}

/** For each voxel axis, the world axis it runs along most (0 R, 1 A, 2 S) and in which sense. */
export interface AxisDirection {
  readonly world: 0 | 1 | 2;
  readonly sign: 1 | -1;
}

/**
 * Assigns voxel axes to world axes, the best aligned axis first, as nibabel's `io_orientation` does;
 * oblique axes go to the nearest, and no two to the same.
 */
export function axisDirections({ affineRas }: Grid): [AxisDirection, AxisDirection, AxisDirection] {
  const axes = ([0, 1, 2] as const).map((axis) => {
    const step = column(affineRas, axis);
    const cosines = step.map((value) => value / length(step)) as unknown as Vec3;
    return { axis, cosines, alignment: Math.max(...cosines.map(Math.abs)) };
  });
  const free = new Set([0, 1, 2] as const);
  const directions: AxisDirection[] = [];
  for (const { axis, cosines } of axes.sort((a, b) => b.alignment - a.alignment)) {
    const world = [...free].reduce((best, candidate) =>
      Math.abs(cosines[candidate]) > Math.abs(cosines[best]) ? candidate : best,
    );
    free.delete(world);
    directions[axis] = { world, sign: cosines[world] < 0 ? -1 : 1 };
  }
  return directions as [AxisDirection, AxisDirection, AxisDirection];
}

/** The patient's sides, towards which the world axes of RAS+ run: backwards, and forwards. */
export const SIDES = ['LR', 'PA', 'IS'] as const;

/** Orientation code of the voxel axes, e.g. `RAS`, `LPS`: the side towards which each one runs. */
export function orientation(grid: Grid): string {
  return axisDirections(grid)
    .map(({ world, sign }) => SIDES[world][sign > 0 ? 1 : 0])
    .join('');
}

/** Indices of the eight corner voxels. */
export function corners([nx, ny, nz]: Vec3): Vec3[] {
  return [0, nx - 1].flatMap((i) =>
    [0, ny - 1].flatMap((j) => [0, nz - 1].map((k): Vec3 => [i, j, k])),
  );
}
