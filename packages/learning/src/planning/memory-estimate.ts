import type { Size } from '@fedvox/job';
import type { NetworkShape } from './network-shape.js';

/**
 * What a step of training holds for each voxel and filter of a level, in float32, as this engine was measured
 * with a DynUNet of five levels and deep supervision at 64³ (one patch and two) and 96³: from 186 to 199.
 */
const BYTES_A_FEATURE = 200;
/** A weight, its gradient, and what Adam remembers of it twice. */
const BYTES_A_WEIGHT = 16;
/** The process, libtorch and a case, without a network. */
const BASE_BYTES = 400 * 2 ** 20;

/** Resident bytes at most while a network of this shape trains on a batch of patches; about a tenth too many. */
export function trainingBytes(shape: NetworkShape, patch: Size, batchSize: number): number {
  const features = featuresOf(shape, patch);
  return BASE_BYTES + weightsOf(shape) * BYTES_A_WEIGHT + batchSize * features * BYTES_A_FEATURE;
}

/** Voxels times filters of each level, summed up. */
function featuresOf({ filters, strides }: NetworkShape, patch: Size): number {
  let voxels = patch[0] * patch[1] * patch[2];
  let sum = 0;
  for (const [level, width] of filters.entries()) {
    sum += voxels * width;
    const [x, y, z] = strides[level] ?? [1, 1, 1];
    voxels /= x * y * z;
  }
  return sum;
}

/** Of the convolutions: two a level on the way down, and an upsampling and two on the way up. */
function weightsOf({ filters, kernelSize, strides }: NetworkShape): number {
  const volume = ([x, y, z]: Size) => x * y * z;
  return filters.reduce((sum, width, level) => {
    const kernel = volume(kernelSize[level] as Size);
    const above = filters[level - 1] ?? 1;
    const down = kernel * width * (above + width);
    const stride = strides[level];
    if (stride === undefined) return sum + down;
    const below = filters[level + 1] as number;
    return sum + down + volume(stride) * below * width + kernel * width * 3 * width;
  }, 0);
}
