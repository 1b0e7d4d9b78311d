import { STRATEGY_TERMS } from '@fedvox/job';
import { adaptive } from '../adaptive.js';
import type { Strategy } from '../strategy.js';

/**
 * Yogi on the server (FedYogi; Reddi et al., ICLR 2021, algorithm 2): `v' = v − (1 − β₂)Δ² sign(v − Δ²)`,
 * which forgets large squares more slowly than Adam. Where Flower differs is said at `adaptive`.
 */
export const fedYogi: Strategy<'fedyogi'> = {
  ...STRATEGY_TERMS.fedyogi,
  aggregate: ({ spec, ...input }) =>
    adaptive(input, spec, (v, square) => v - (1 - spec.beta2) * square * Math.sign(v - square)),
};
