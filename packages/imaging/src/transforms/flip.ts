import { affineFromColumns, apply, column } from '../geometry/affine.js';
import { scale, type Vec3 } from '../geometry/vector.js';
import { type Gridded, voxelsLike } from '../voxel-engine/gridded.js';

export type AxisName = 'x' | 'y' | 'z';

/**
 * Mirrors the voxels along the named axes. The affine follows, so that every voxel keeps its place in
 * the world; it is the array that a network sees which is mirrored.
 */
export function flipAxes<G extends Gridded>(source: G, axes: readonly AxisName[]): G {
  const flips = (['x', 'y', 'z'] as const).map((axis) => axes.includes(axis));
  const [nx, ny, nz] = source.shape;
  const [flipX, flipY, flipZ] = flips;
  const data = voxelsLike(source, source.data.length);
  for (let k = 0; k < nz; k++) {
    for (let j = 0; j < ny; j++) {
      const from = nx * ((flipY ? ny - 1 - j : j) + ny * (flipZ ? nz - 1 - k : k));
      const row = source.data.subarray(from, from + nx);
      const to = nx * (j + ny * k);
      data.set(row, to);
      if (flipX) data.subarray(to, to + nx).reverse();
    }
  }
  const first = source.shape.map((size, axis) => (flips[axis] ? size - 1 : 0)) as unknown as Vec3;
  const [i, j, k] = ([0, 1, 2] as const).map((axis) =>
    scale(column(source.affineRas, axis), flips[axis] ? -1 : 1),
  ) as [Vec3, Vec3, Vec3];
  return {
    ...source,
    affineRas: affineFromColumns(i, j, k, apply(source.affineRas, first)),
    data,
  };
}
