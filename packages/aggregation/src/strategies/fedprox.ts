import { STRATEGY_TERMS } from '@fedvox/job';
import { meanDelta } from '../mean-delta.js';
import { shifted } from '../shifted.js';
import type { Strategy } from '../strategy.js';

/**
 * The mean of models that a proximal term kept near the base (FedProx; Li et al., MLSys 2020, algorithm 2).
 * The term is the sites': `learning` adds `μ(w − base)` to the gradient of each step.
 */
export const fedProx: Strategy<'fedprox'> = {
  ...STRATEGY_TERMS.fedprox,
  aggregate: async ({ base, updates }) => ({
    model: shifted(base, meanDelta(updates)),
    serverState: null,
  }),
};
