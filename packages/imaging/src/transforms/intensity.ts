import { quantileOf } from '@fedvox/base';
import type { Volume } from '../geometry/grid.js';
import { portableVoxels } from '../voxel-engine/portable/portable-voxels.js';
import type { VoxelEngine } from '../voxel-engine/voxel-engine.js';

/**
 * Subtracts the mean and divides by the population standard deviation (1 where that is 0), as MONAI's
 * `NormalizeIntensity`. With `nonzero`, statistics and change are of the voxels that are not 0.
 */
export function zscore(image: Volume, nonzero: boolean): Volume {
  const { mean, deviation } = statistics(image.data, nonzero);
  const gain = 1 / (deviation || 1);
  return mapped(image, (value) => (nonzero && value === 0 ? 0 : (value - mean) * gain));
}

/** Maps `from` linearly to `to`, clipped last (MONAI's `ScaleIntensityRange`). */
export function intensityRange(
  image: Volume,
  [fromLow, fromHigh]: readonly [number, number],
  [toLow, toHigh]: readonly [number, number],
  clip: boolean,
): Volume {
  const gain = (toHigh - toLow) / (fromHigh - fromLow);
  return mapped(image, (value) => {
    const scaled = (value - fromLow) * gain + toLow;
    return clip ? Math.min(Math.max(scaled, toLow), toHigh) : scaled;
  });
}

/** Cuts values off at two percentiles of the image, or of its voxels that are not 0. */
export function percentileClip(
  image: Volume,
  lower: number,
  upper: number,
  nonzero: boolean,
): Volume {
  const values = nonzero ? image.data.filter((value) => value !== 0) : image.data;
  const [low, high] = percentiles(values, [lower, upper]) as [number, number];
  return mapped(image, (value) => Math.min(Math.max(value, low), high));
}

/**
 * Nyúl's histogram standardisation (Nyúl, Udupa and Zhang, IEEE TMI 19, 2000): the percentiles of the
 * voxels above 0 become the landmarks; linear in between, the outer pieces go on beyond. Voxels that
 * are not above 0 stay as they are.
 * @param ranks percentiles, rising
 * @param landmarks as many values, rising
 */
export function standardizeHistogram(
  image: Volume,
  ranks: readonly number[],
  landmarks: readonly number[],
): Volume {
  const own = percentiles(
    image.data.filter((value) => value > 0),
    ranks,
  );
  const gains = own.slice(1).map((end, piece) => {
    const width = end - (own[piece] as number);
    return width === 0
      ? 0
      : ((landmarks[piece + 1] as number) - (landmarks[piece] as number)) / width;
  });
  return mapped(image, (value) => {
    if (value <= 0) return value;
    let piece = 0;
    while (piece + 1 < gains.length && value >= (own[piece + 1] as number)) piece++;
    const start = landmarks[piece] as number;
    return start + (value - (own[piece] as number)) * (gains[piece] as number);
  });
}

/**
 * Raises the values, scaled to [0, 1] between the image's extremes, to a power (MONAI's
 * `AdjustContrast`).
 */
export function gammaCorrected(
  image: Volume,
  gamma: number,
  voxels: VoxelEngine = portableVoxels,
): Volume {
  const { min, max } = extremes(image.data);
  const range = max - min;
  if (!(range > 0)) return image;
  return { ...image, data: voxels.raised(image, min, range, gamma) };
}

/** Percentiles with linear interpolation between ranks, as NumPy's; 0 where there are no values. */
export function percentiles(values: Float32Array, ranks: readonly number[]): number[] {
  const sorted = values.toSorted();
  if (sorted.length === 0) return ranks.map(() => 0);
  return ranks.map((rank) => quantileOf(sorted, rank / 100));
}

/** Smallest and largest value. */
export function extremes(data: Float32Array): { min: number; max: number } {
  let min = Number.POSITIVE_INFINITY;
  let max = Number.NEGATIVE_INFINITY;
  for (let at = 0; at < data.length; at++) {
    const value = data[at] as number;
    if (value < min) min = value;
    if (value > max) max = value;
  }
  return { min, max };
}

function mapped(image: Volume, change: (value: number) => number): Volume {
  const data = new Float32Array(image.data.length);
  for (let at = 0; at < data.length; at++) data[at] = change(image.data[at] as number);
  return { ...image, data };
}

/** Two passes in double, so that large values with a small spread keep their digits. */
function statistics(data: Float32Array, nonzero: boolean): { mean: number; deviation: number } {
  let sum = 0;
  let count = 0;
  for (let at = 0; at < data.length; at++) {
    const value = data[at] as number;
    if (nonzero && value === 0) continue;
    sum += value;
    count++;
  }
  if (count === 0) return { mean: 0, deviation: 0 };
  const mean = sum / count;
  let squares = 0;
  for (let at = 0; at < data.length; at++) {
    const value = data[at] as number;
    if (nonzero && value === 0) continue;
    squares += (value - mean) ** 2;
  }
  return { mean, deviation: Math.sqrt(squares / count) };
}
