import type { OptimizerKind, OptimizerSpec } from '@fedvox/job';
import { FusedAdam, type FusedOptimizer, FusedSgd } from '@fedvox/tfjs-backend-torch';

const OPTIMIZERS: {
  readonly [Kind in OptimizerKind]: (spec: OptimizerSpec<Kind>) => FusedOptimizer;
} = {
  adam: ({ kind: _, ...settings }) => new FusedAdam(settings),
  adamw: ({ kind: _, ...settings }) => new FusedAdam({ ...settings, decoupled: true }),
  sgd: ({ kind: _, ...settings }) => new FusedSgd(settings),
};

/** The optimizer that a job names, with nothing in its memory yet. It holds tensors: dispose of it. */
export function optimizerOf(spec: OptimizerSpec): FusedOptimizer {
  // What a job says of a kind is what the row of that kind takes, which a lookup cannot express.
  return (OPTIMIZERS[spec.kind] as (said: OptimizerSpec) => FusedOptimizer)(spec);
}
