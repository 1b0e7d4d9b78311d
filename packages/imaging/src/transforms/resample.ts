import { assert } from '@fedvox/base';
import { fail } from '../errors.js';
import {
  type Affine,
  affineFromColumns,
  apply,
  column,
  invert,
  multiply,
} from '../geometry/affine.js';
import { corners, type Grid, MAX_VOXELS, voxelCount } from '../geometry/grid.js';
import { roundHalfEven } from '../geometry/rounding.js';
import { cross, dot, normalize, scale, subtract, type Vec3 } from '../geometry/vector.js';

/**
 * The grid that a volume is resampled to for a spacing in mm along its own axes, as MONAI's `Spacing`
 * chooses it. With R the 3×3 of the affine and R = Q·Z (Q orthonormal, Z upper triangular with a
 * positive diagonal), the new axes are Q times the spacing: a sheared grid comes out rectangular. The
 * size is the extent of the old corners plus 1, rounded half to even.
 * @throws FedvoxError `spacing-unusable`
 */
export function gridAtSpacing(source: Grid, spacingMm: Vec3): Grid {
  const axes = orthonormalAxes(source.affineRas);
  const [i, j, k] = axes.map((axis, index) => scale(axis, spacingMm[index] as number)) as [
    ...[Vec3, Vec3, Vec3],
  ];
  const atOrigin = affineFromColumns(i, j, k, [0, 0, 0]);
  const indices = corners(source.shape).map((corner) =>
    apply(multiply(invert(atOrigin), source.affineRas), corner),
  );
  const lowest = extreme(indices, Math.min);
  const highest = extreme(indices, Math.max);
  const shape = ([0, 1, 2] as const).map((axis) =>
    Math.max(1, roundHalfEven(highest[axis] - lowest[axis] + 1)),
  ) as unknown as Vec3;
  const voxels = shape[0] * shape[1] * shape[2];
  if (voxels > MAX_VOXELS) {
    throw fail('spacing-unusable', { spacing: spacingMm.join(' × '), voxels, limit: MAX_VOXELS });
  }
  const first = firstCorner(indices, lowest);
  const origin =
    first === undefined
      ? centredOrigin(source, atOrigin, shape)
      : apply(source.affineRas, corners(source.shape)[first] as Vec3);
  const grid = { shape, affineRas: affineFromColumns(i, j, k, origin) };
  assert(voxelCount(grid) === voxels, 'the grid has the voxels that were allowed');
  return grid;
}

/**
 * The rectangular grid that holds a sheared one: the same in-plane spacing, slices as far apart as they
 * are along their normal.
 */
export function rectangularGrid(source: Grid): Grid {
  const [i, j, k] = orthonormalAxes(source.affineRas);
  const spacingAlong = (axis: 0 | 1 | 2, direction: Vec3) =>
    Math.abs(dot(column(source.affineRas, axis), direction));
  return gridAtSpacing(source, [spacingAlong(0, i), spacingAlong(1, j), spacingAlong(2, k)]);
}

/** Gram–Schmidt on the columns, which is the Q of QR, and of MONAI's Cholesky, for a full-rank R. */
function orthonormalAxes(affine: Affine): [Vec3, Vec3, Vec3] {
  const [i, j, k] = ([0, 1, 2] as const).map((axis) => column(affine, axis)) as [Vec3, Vec3, Vec3];
  const x = normalize(i);
  const y = normalize(subtract(j, scale(x, dot(j, x))));
  const perpendicular = cross(x, y);
  const z = dot(perpendicular, k) < 0 ? scale(perpendicular, -1) : perpendicular;
  return [x, y, z];
}

function extreme(points: readonly Vec3[], pick: (...values: number[]) => number): Vec3 {
  return ([0, 1, 2] as const).map((axis) =>
    pick(...points.map((point) => point[axis])),
  ) as unknown as Vec3;
}

/** The corner that is lowest on all output axes at once; a sheared grid may have none. */
function firstCorner(indices: readonly Vec3[], lowest: Vec3): number | undefined {
  const toleranceVoxels = 1e-6;
  const found = indices.findIndex((index) =>
    index.every((value, axis) => value - (lowest[axis] as number) <= toleranceVoxels),
  );
  return found === -1 ? undefined : found;
}

/** Where the first voxel goes when the two grids' centres coincide. */
function centredOrigin(source: Grid, axes: Affine, shape: Vec3): Vec3 {
  const middle = (size: Vec3) => size.map((n) => (n - 1) / 2) as unknown as Vec3;
  return subtract(apply(source.affineRas, middle(source.shape)), apply(axes, middle(shape)));
}
