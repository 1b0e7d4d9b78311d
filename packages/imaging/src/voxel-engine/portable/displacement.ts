import type { Vec3 } from '../../geometry/vector.js';
import { voxelsLike } from '../gridded.js';
import type { Displacement, VoxelArray, Voxels } from '../voxel-engine.js';
import { linearAt, nearestAt } from './points.js';

/** `VoxelEngine.displacedLinear`. */
export function displacedLinear(
  { data: input, shape }: VoxelArray<Float32Array>,
  offsets: Displacement,
): Float32Array {
  const output = new Float32Array(input.length);
  forEachPoint(shape, offsets, (to, x, y, z) => {
    output[to] = linearAt(input, shape, x, y, z);
  });
  return output;
}

/** `VoxelEngine.displacedNearest`. */
export function displacedNearest<V extends Voxels>(
  source: VoxelArray<V>,
  offsets: Displacement,
): V {
  const { data: input, shape } = source;
  const output = voxelsLike(source, input.length);
  forEachPoint(shape, offsets, (to, x, y, z) => {
    output[to] = nearestAt(input, shape, x, y, z);
  });
  return output;
}

/** Calls back with each voxel and the index to which its offset leads. */
function forEachPoint(
  [nx, ny, nz]: Vec3,
  [alongX, alongY, alongZ]: Displacement,
  visit: (to: number, x: number, y: number, z: number) => void,
): void {
  let at = 0;
  for (let k = 0; k < nz; k++) {
    for (let j = 0; j < ny; j++) {
      for (let i = 0; i < nx; i++, at++) {
        visit(at, i + alongX[at]!, j + alongY[at]!, k + alongZ[at]!);
      }
    }
  }
}
