import type { Vec3 } from '../../geometry/vector.js';
import type { SeparableKernel, VoxelArray } from '../voxel-engine.js';

/** `VoxelEngine.convolved`. */
export function convolved(
  { data, shape }: VoxelArray<Float32Array>,
  kernel: SeparableKernel,
): Float32Array {
  const strides: Vec3 = [1, shape[0], shape[0] * shape[1]];
  return ([0, 1, 2] as const).reduce(
    (current, axis) => convolvedAlong(current, shape[axis], strides[axis], kernel[axis]),
    data,
  );
}

function convolvedAlong(
  data: Float32Array,
  size: number,
  stride: number,
  kernel: Float64Array,
): Float32Array {
  const radius = (kernel.length - 1) / 2;
  const result = new Float32Array(data.length);
  const line = new Float64Array(size + 2 * radius);
  for (let block = 0; block < data.length; block += stride * size) {
    for (let offset = 0; offset < stride; offset++) {
      const first = block + offset;
      for (let at = 0; at < line.length; at++) {
        const inside = Math.min(Math.max(at - radius, 0), size - 1);
        line[at] = data[first + inside * stride] as number;
      }
      for (let at = 0; at < size; at++) {
        let sum = 0;
        for (let tap = 0; tap < kernel.length; tap++) sum += kernel[tap]! * line[at + tap]!;
        result[first + at * stride] = sum;
      }
    }
  }
  return result;
}
