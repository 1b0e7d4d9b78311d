import { affineFromColumns, apply, column } from '../geometry/affine.js';
import { axisDirections, type Grid } from '../geometry/grid.js';
import { scale, type Vec3 } from '../geometry/vector.js';
import { type Gridded, voxelsLike } from '../voxel-engine/gridded.js';

/**
 * Flips and permutes voxel axes so that they run right, anterior, superior; the affine follows, so no
 * voxel moves in the world (MONAI's `Orientation("RAS")`). Returns the input if nothing changes.
 */
export function toRas<G extends Gridded>(source: G): G {
  const inputs = axisSources(source);
  if (inputs.every(({ axis, isFlipped }, output) => axis === output && !isFlipped)) return source;
  const grid = orientedGrid(source, inputs);
  const strides: Vec3 = [1, source.shape[0], source.shape[0] * source.shape[1]];
  const steps = inputs.map(({ axis, isFlipped }) => (isFlipped ? -1 : 1) * strides[axis]) as Steps;
  const start = inputs.reduce(
    (sum, { axis, isFlipped }) => sum + (isFlipped ? (source.shape[axis] - 1) * strides[axis] : 0),
    0,
  );
  return { ...source, ...grid, data: gather(source, grid.shape, start, steps) };
}

/** The grid that `toRas` gives, without moving a voxel. */
export function rasGrid(source: Grid): Grid {
  return orientedGrid(source, axisSources(source));
}

/** For an output axis, the input axis that becomes it, and whether it is flipped. */
interface AxisSource {
  readonly axis: 0 | 1 | 2;
  readonly isFlipped: boolean;
}

function axisSources(source: Grid): readonly [AxisSource, AxisSource, AxisSource] {
  const directions = axisDirections(source);
  return [0, 1, 2].map((output) => {
    const axis = directions.findIndex(({ world }) => world === output) as 0 | 1 | 2;
    return { axis, isFlipped: directions[axis].sign < 0 };
  }) as [AxisSource, AxisSource, AxisSource];
}

type Steps = [number, number, number];

function orientedGrid({ shape, affineRas }: Grid, inputs: readonly AxisSource[]): Grid {
  const first = [0, 0, 0];
  for (const { axis, isFlipped } of inputs) if (isFlipped) first[axis] = shape[axis] - 1;
  const [x, y, z] = inputs.map(({ axis, isFlipped }) =>
    scale(column(affineRas, axis), isFlipped ? -1 : 1),
  ) as [Vec3, Vec3, Vec3];
  return {
    shape: inputs.map(({ axis }) => shape[axis]) as unknown as Vec3,
    affineRas: affineFromColumns(x, y, z, apply(affineRas, first as unknown as Vec3)),
  };
}

/** Copies voxels in output order, walking the input by a step per output axis. */
function gather<G extends Gridded>(
  source: G,
  [nx, ny, nz]: Vec3,
  start: number,
  [dx, dy, dz]: Steps,
): G['data'] {
  const input = source.data;
  const output = voxelsLike(source, nx * ny * nz);
  let at = 0;
  for (let k = 0; k < nz; k++) {
    for (let j = 0; j < ny; j++) {
      let from = start + k * dz + j * dy;
      for (let i = 0; i < nx; i++, from += dx) output[at++] = input[from] as number;
    }
  }
  return output;
}
