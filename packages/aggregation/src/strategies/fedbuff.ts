import { STRATEGY_TERMS } from '@fedvox/job';
import { meanDelta } from '../mean-delta.js';
import { shifted } from '../shifted.js';
import type { Strategy } from '../strategy.js';

/**
 * `new = base + η / n · Σ s(τᵢ) δᵢ` over the n updates of the buffer, where τᵢ is how many rounds ago the
 * round of update i began and `s(τ) = 1 / √(1 + τ)` (FedBuff; Nguyen et al., AISTATS 2022, algorithm 1 and
 * section 5). The sum is divided by n and not by the weights: what is stale also makes the step shorter.
 */
export const fedBuff: Strategy<'fedbuff'> = {
  ...STRATEGY_TERMS.fedbuff,
  aggregate: async ({ spec: { learningRate }, base, updates }) => {
    const weighed = updates.map((update) => ({
      ...update,
      weight: 1 / Math.sqrt(1 + (update.staleness ?? 0)),
    }));
    const mean = meanDelta(weighed);
    const meanWeight = weighed.reduce((sum, { weight }) => sum + weight, 0) / weighed.length;
    const step = async (name: string, from: number, to: number) =>
      (await mean(name, from, to)).map((value) => learningRate * meanWeight * value);
    return { model: shifted(base, step), serverState: null };
  },
};
