import { STRATEGY_TERMS } from '@fedvox/job';
import { meanDelta } from '../mean-delta.js';
import { shifted } from '../shifted.js';
import { squaredDistances } from '../squared-distances.js';
import type { SiteUpdate, Strategy } from '../strategy.js';

/** Figures have four decimals: a loss below is none that they could tell from nought. */
const LEAST_LOSS = 1e-4;

/**
 * Fair averaging (q-FedAvg; Li et al., ICLR 2020, algorithm 2): the worse the model does at a site, the more
 * the site counts. With F the loss of the base model at a site and L the job's `lipschitz`,
 * `new = base + Σ Fᵢᵠ Lδᵢ / Σ (q Fᵢᵠ⁻¹ ‖Lδᵢ‖² + L Fᵢᵠ)`. Sites count alike beside that, whatever they weigh.
 *
 * Of losses no statement tells; F is 1 − Dice, which it does.
 */
export const qFedAvg: Strategy<'q-fedavg'> = {
  ...STRATEGY_TERMS['q-fedavg'],
  aggregate: async ({ spec: { q, lipschitz }, base, updates }) => {
    const norms = await squaredDistances(base.tensors, updates);
    const weighed = updates.map((update) => ({ ...update, weight: lossOf(update) ** q }));
    const total = weighed.reduce((sum, { weight }) => sum + weight, 0);
    // Both sums divided by L.
    const curvature = updates.reduce(
      (sum, update, at) => sum + q * lossOf(update) ** (q - 1) * lipschitz * (norms[at] as number),
      0,
    );
    const length = total / (curvature + total);
    const mean = meanDelta(weighed);
    const step: typeof mean = async (...slice) =>
      (await mean(...slice)).map((value) => length * value);
    return { model: shifted(base, step), serverState: null };
  },
};

/** It is there: the strategy needs it. */
function lossOf({ dice }: SiteUpdate): number {
  return Math.max(1 - (dice as number), LEAST_LOSS);
}
