import { STRATEGY_TERMS } from '@fedvox/job';
import { meanDelta } from '../mean-delta.js';
import { shifted } from '../shifted.js';
import type { Strategy } from '../strategy.js';

/**
 * The mean of models whose steps were corrected for how each site's data differs from all data (SCAFFOLD;
 * Karimireddy et al., ICML 2020, algorithm 1 with option II, η_g = 1). The correction is the sites': where all
 * take part with as many plain steps, each finds its own from what it did and what became of it, and no
 * control variate travels (`learning` has the derivation). Sites count alike, as in the paper.
 */
export const scaffold: Strategy<'scaffold'> = {
  ...STRATEGY_TERMS.scaffold,
  aggregate: async ({ base, updates }) => ({
    model: shifted(base, meanDelta(updates)),
    serverState: null,
  }),
};
