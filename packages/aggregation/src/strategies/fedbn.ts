import { STRATEGY_TERMS } from '@fedvox/job';
import { meanDelta } from '../mean-delta.js';
import { shifted } from '../shifted.js';
import type { Strategy } from '../strategy.js';

/**
 * The mean of all parameters but the norms' (FedBN; Li et al., ICLR 2021). What a site changed of its norms stays
 * there: its delta has zeros for them, so that the mean leaves them as the job began.
 */
export const fedBn: Strategy<'fedbn'> = {
  ...STRATEGY_TERMS.fedbn,
  aggregate: async ({ base, updates }) => ({
    model: shifted(base, meanDelta(updates)),
    serverState: null,
  }),
};
