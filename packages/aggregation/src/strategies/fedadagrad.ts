import { STRATEGY_TERMS } from '@fedvox/job';
import { adaptive } from '../adaptive.js';
import type { Strategy } from '../strategy.js';

/**
 * Adagrad on the server (FedAdagrad; Reddi et al., ICLR 2021, algorithm 2): `v' = v + Δ²`, so that steps
 * only ever become shorter. Where Flower differs is said at `adaptive`.
 */
export const fedAdagrad: Strategy<'fedadagrad'> = {
  ...STRATEGY_TERMS.fedadagrad,
  aggregate: ({ spec, ...input }) => adaptive(input, spec, (v, square) => v + square),
};
