import { assert } from '@fedvox/base';
import type { Size } from '@fedvox/job';

/**
 * Where windows of `roi` voxels start along an axis of `size ≥ roi`: every max(1, ⌊roi·(1 − overlap)⌋),
 * the last one shifted back to fit. As MONAI's `dense_patch_slices`.
 */
export function windowStarts(size: number, roi: number, overlap: number): number[] {
  assert(roi <= size, 'a window fits into the volume it slides over');
  const interval = Math.max(1, Math.floor(roi * (1 - overlap)));
  const starts: number[] = [];
  for (let start = 0; start + roi < size; start += interval) starts.push(start);
  starts.push(size - roi);
  return starts;
}

/** Width of the Gaussian as a part of the window. */
const SIGMA_SCALE = 0.125;
const SMALLEST_WEIGHT = 1e-3;

/**
 * How much each voxel of a window counts: exp(−x²/2σ²) from the centre, σ = 0.125·roi, never below
 * max(min w, 1e-3). As MONAI's `compute_importance_map`.
 * @returns x fastest, like a volume
 */
export function gaussianWeights([nx, ny, nz]: Size): Float32Array {
  const [wx, wy, wz] = [nx, ny, nz].map(gaussian) as [Float64Array, Float64Array, Float64Array];
  const weights = new Float32Array(nx * ny * nz);
  let index = 0;
  for (const z of wz) {
    for (const y of wy) {
      for (const x of wx) weights[index++] = x * y * z;
    }
  }
  // The corner is furthest from the centre.
  const floor = Math.max(weights[0] as number, SMALLEST_WEIGHT);
  return weights.map((weight) => Math.max(weight, floor));
}

function gaussian(size: number): Float64Array {
  const sigma = SIGMA_SCALE * size;
  return Float64Array.from({ length: size }, (_, index) => {
    const x = index - (size - 1) / 2;
    return Math.exp((-x * x) / (2 * sigma * sigma));
  });
}
