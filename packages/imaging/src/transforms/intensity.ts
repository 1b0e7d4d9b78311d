import type { Volume } from '../geometry/grid.js';

/**
 * Subtracts the mean and divides by the population standard deviation (1 where that is 0), as MONAI's
 * `NormalizeIntensity`. With `nonzero`, statistics and change are of the voxels that are not 0.
 */
export function zscore(image: Volume, nonzero: boolean): Volume {
  const { data } = image;
  const { mean, deviation } = statistics(data, nonzero);
  const gain = 1 / (deviation || 1);
  const result = new Float32Array(data.length);
  for (let at = 0; at < data.length; at++) {
    const value = data[at] as number;
    if (!nonzero || value !== 0) result[at] = (value - mean) * gain;
  }
  return { ...image, data: result };
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
