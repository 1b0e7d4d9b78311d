import { STRATEGY_TERMS } from '@fedvox/job';
import { adaptive } from '../adaptive.js';
import type { Strategy } from '../strategy.js';

/**
 * Adam on the server (FedAdam; Reddi et al., ICLR 2021, algorithm 2): `v' = β₂v + (1 − β₂)Δ²`. Where
 * Flower differs is said at `adaptive`.
 */
export const fedAdam: Strategy<'fedadam'> = {
  ...STRATEGY_TERMS.fedadam,
  aggregate: ({ spec, ...input }) =>
    adaptive(input, spec, (v, square) => spec.beta2 * v + (1 - spec.beta2) * square),
};
