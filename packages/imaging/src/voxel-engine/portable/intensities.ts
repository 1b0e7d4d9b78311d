import { exponential, logarithm, type Random } from '@fedvox/base';
import type { FieldTerm, SeparableField, VoxelArray } from '../voxel-engine.js';

/** `VoxelEngine.evenly`. */
export function evenly(count: number, bound: number, random: Random): Float32Array {
  const output = new Float32Array(count);
  for (let at = 0; at < count; at++) output[at] = (2 * random.uniform() - 1) * bound;
  return output;
}

/** `VoxelEngine.noisy`. */
export function noisy(
  { data }: VoxelArray<Float32Array>,
  deviation: number,
  random: Random,
): Float32Array {
  const output = new Float32Array(data.length);
  for (let at = 0; at < data.length; at++) output[at] = data[at]! + deviation * random.normal();
  return output;
}

/** `VoxelEngine.raised`. */
export function raised(
  { data }: VoxelArray<Float32Array>,
  low: number,
  range: number,
  power: number,
): Float32Array {
  const output = new Float32Array(data.length);
  for (let at = 0; at < data.length; at++) {
    const scaled = (data[at]! - low) / range;
    output[at] = exponential(power * logarithm(scaled)) * range + low;
  }
  return output;
}

/** `VoxelEngine.shaded`. */
export function shaded(
  { data, shape: [nx, ny, nz] }: VoxelArray<Float32Array>,
  { tables: [alongX, alongY, alongZ], orders, terms }: SeparableField,
): Float32Array {
  const output = new Float32Array(data.length);
  const factors = new Float64Array(orders);
  let at = 0;
  for (let k = 0; k < nz; k++) {
    for (let j = 0; j < ny; j++) {
      rowFactors(terms, alongY, j * orders, alongZ, k * orders, factors);
      for (let i = 0; i < nx; i++, at++) {
        let sum = 0;
        for (let order = 0; order < orders; order++) {
          sum += factors[order]! * alongX[i * orders + order]!;
        }
        output[at] = data[at]! * exponential(sum);
      }
    }
  }
  return output;
}

/** On one row only x_a varies: what multiplies it. */
function rowFactors(
  terms: readonly FieldTerm[],
  alongY: Float64Array,
  atY: number,
  alongZ: Float64Array,
  atZ: number,
  factors: Float64Array,
): void {
  factors.fill(0);
  for (const { orders, coefficient } of terms) {
    const [a, b, c] = orders;
    factors[a]! += coefficient * alongY[atY + b]! * alongZ[atZ + c]!;
  }
}
