import type { Grid } from '../geometry/grid.js';
import type { Vec3 } from '../geometry/vector.js';

/** The kernel reaches this many sigmas, as MONAI's `GaussianFilter`. */
const TRUNCATED_SIGMAS = 4;

/**
 * Smooths along each axis by a Gaussian integrated over each voxel and renormalised; beyond the border
 * the outermost voxels go on.
 */
export function smoothed(data: Float32Array, { shape }: Grid, sigmaVoxels: Vec3): Float32Array {
  const strides: Vec3 = [1, shape[0], shape[0] * shape[1]];
  return ([0, 1, 2] as const).reduce(
    (current, axis) =>
      convolvedAlong(current, shape[axis], strides[axis], gaussianKernel(sigmaVoxels[axis])),
    data,
  );
}

/** Weights at −r … r: the Gaussian's share of each voxel, their sum 1. */
export function gaussianKernel(sigmaVoxels: number): Float64Array {
  const radius = Math.floor(Math.max(sigmaVoxels * TRUNCATED_SIGMAS, 0.5) + 0.5);
  const cumulative = (x: number) => 0.5 * (1 + erf(x / (Math.SQRT2 * sigmaVoxels)));
  const kernel = Float64Array.from({ length: 2 * radius + 1 }, (_, index) => {
    const x = index - radius;
    return cumulative(x + 0.5) - cumulative(x - 0.5);
  });
  const sum = kernel.reduce((total, weight) => total + weight, 0);
  return kernel.map((weight) => weight / sum);
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

/** Error function by its Maclaurin series, and by a continued fraction where that is slow. */
export function erf(x: number): number {
  const magnitude = Math.abs(x);
  const value = magnitude < 2.5 ? erfSeries(magnitude) : 1 - erfcFraction(magnitude);
  return x < 0 ? -value : value;
}

function erfSeries(x: number): number {
  let term = x;
  let sum = x;
  for (let n = 1; n < 60; n++) {
    term *= -(x * x) / n;
    sum += term / (2 * n + 1);
  }
  return (2 / Math.sqrt(Math.PI)) * sum;
}

function erfcFraction(x: number): number {
  let fraction = x;
  for (let n = 60; n > 0; n--) fraction = x + n / 2 / fraction;
  return Math.exp(-x * x) / (Math.sqrt(Math.PI) * fraction);
}
