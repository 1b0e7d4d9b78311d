import { STRATEGY_TERMS } from '@fedvox/job';
import { meanDelta } from '../mean-delta.js';
import { shifted } from '../shifted.js';
import { squaredDistances } from '../squared-distances.js';
import type { Strategy } from '../strategy.js';

/**
 * Robust federated averaging (RFA; Pillutla, Kakade and Harchaoui, IEEE TSP 2022, algorithm 2): towards the
 * point with the least sum of weighted distances to all updates, by the smoothed Weiszfeld algorithm from
 * their mean on: `βᵢ = wᵢ / max(ν, ‖δᵢ − z‖)`, `z' = Σ βᵢδᵢ / Σ βᵢ`. Each step is a mean under other
 * weights, so that only those are kept between steps.
 *
 * Updates count by their FedAvg weight, as in the paper: it holds against sites that have less than half of it.
 * The paper takes 3 steps; the pull of a single far update ebbs by about n − 1 with each.
 */
export const geometricMedian: Strategy<'geometric-median'> = {
  ...STRATEGY_TERMS['geometric-median'],
  aggregate: async ({ spec, base, updates }) => {
    let weighed = updates;
    for (let step = 0; step < spec.iterations; step++) {
      const squares = await squaredDistances(base.tensors, updates, meanDelta(weighed));
      const distances = squares.map(Math.sqrt);
      weighed = updates.map((update, at) => ({
        ...update,
        weight: update.weight / Math.max(spec.smoothing, distances[at] as number),
      }));
    }
    return { model: shifted(base, meanDelta(weighed)), serverState: null };
  },
};
