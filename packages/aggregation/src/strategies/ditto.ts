import { STRATEGY_TERMS } from '@fedvox/job';
import { meanDelta } from '../mean-delta.js';
import { shifted } from '../shifted.js';
import type { Strategy } from '../strategy.js';

/**
 * The mean that FedAvg takes, while each site trains a model of its own beside it (Ditto; Li et al., ICML 2021,
 * algorithm 1): that model stays at the site, and its steps are the site's affair (`learning`).
 */
export const ditto: Strategy<'ditto'> = {
  ...STRATEGY_TERMS.ditto,
  aggregate: async ({ base, updates }) => ({
    model: shifted(base, meanDelta(updates)),
    serverState: null,
  }),
};
