import { STRATEGY_TERMS } from '@fedvox/job';
import { meanDelta } from '../mean-delta.js';
import { shifted } from '../shifted.js';
import type { Strategy } from '../strategy.js';

/**
 * Federated averaging (McMahan et al., AISTATS 2017, algorithm 1) on deltas:
 * `new = base + Σ wᵢ δᵢ / Σ wᵢ`, in float64, rounded once to float32.
 */
export const fedAvg: Strategy<'fedavg'> = {
  ...STRATEGY_TERMS.fedavg,
  aggregate: async ({ base, updates }) => ({
    model: shifted(base, meanDelta(updates)),
    serverState: null,
  }),
};
