import { assert } from '@fedvox/base';
import type { SiteUpdate } from './strategy.js';

/** Values [from, to) of a tensor, in row-major order, before they are rounded to float32. */
export type Float64Reader = (name: string, from: number, to: number) => Promise<Float64Array>;

/**
 * `Σ wᵢ δᵢ / Σ wᵢ` over updates in the order given, in float64. Holds a slice of the sum and of one
 * site's delta, however many sites there are.
 */
export function meanDelta(updates: readonly SiteUpdate[]): Float64Reader {
  const totalWeight = updates.reduce((sum, { weight }) => sum + weight, 0);
  return async (name, from, to) => {
    const mean = new Float64Array(to - from);
    for (const { weight, delta } of updates) {
      addScaled(mean, weight, await delta.read(name, from, to));
    }
    for (let i = 0; i < mean.length; i++) mean[i] = (mean[i] as number) / totalWeight;
    return mean;
  };
}

function addScaled(sum: Float64Array, weight: number, delta: Float32Array): void {
  assert(delta.length === sum.length, 'an accepted delta has the base model’s shapes');
  for (let i = 0; i < sum.length; i++) sum[i] = (sum[i] as number) + weight * (delta[i] as number);
}
