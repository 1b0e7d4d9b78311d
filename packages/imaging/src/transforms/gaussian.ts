import type { Volume } from '../geometry/grid.js';
import type { Vec3 } from '../geometry/vector.js';
import { portableVoxels } from '../voxel-engine/portable/portable-voxels.js';
import type { VoxelEngine } from '../voxel-engine/voxel-engine.js';

/** The kernel reaches this many sigmas, as MONAI's `GaussianFilter`. */
const TRUNCATED_SIGMAS = 4;

/**
 * Smooths along each axis by a Gaussian integrated over each voxel and renormalised; beyond the border
 * the outermost voxels go on.
 */
export function smoothed(
  source: Pick<Volume, 'data' | 'shape'>,
  [x, y, z]: Vec3,
  voxels: VoxelEngine = portableVoxels,
): Float32Array {
  return voxels.convolved(source, [gaussianKernel(x), gaussianKernel(y), gaussianKernel(z)]);
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
