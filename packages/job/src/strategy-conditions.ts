import { hasNormParameters, type NetworkSpec } from './networks.js';
import { isPlainDescent } from './optimizer-terms.js';
import type { StrategySpec } from './strategies.js';
import type { TrainingSpec } from './training.js';

/** What keeps a job's strategy from being what its paper says, and where the job says it. */
export interface UnmetCondition {
  readonly path: readonly string[];
  readonly message: string;
}

interface Conditioned {
  readonly network: NetworkSpec;
  readonly training: TrainingSpec;
  readonly federation: { readonly strategy: StrategySpec };
}

/** What a job would have to say otherwise for its strategy; empty where nothing. */
export function unmetConditions({ network, training, federation }: Conditioned): UnmetCondition[] {
  const { kind } = federation.strategy;
  const isPlateau = training.schedule?.kind === 'plateau';
  const SCHEDULE = ['training', 'schedule'];
  const unmet: UnmetCondition[] = [];
  const demand = (isMet: boolean, path: readonly string[], wanted: string) => {
    if (!isMet) unmet.push({ path, message: `must be ${wanted} for the strategy ${kind}` });
  };
  if (kind === 'scaffold') {
    demand(
      isPlainDescent(training.optimizer),
      ['training', 'optimizer'],
      'plain descent, kind: sgd,',
    );
    demand(
      training.localSteps !== undefined,
      ['training', 'localSteps'],
      'fixed, alike at all sites,',
    );
    demand(training.clipNorm === undefined, ['training', 'clipNorm'], 'absent');
    demand(!isPlateau, SCHEDULE, 'none by figures, kind: plateau,');
  }
  if (kind === 'fedbuff') demand(!isPlateau, SCHEDULE, 'none by figures, kind: plateau,');
  if (kind === 'fedbn') {
    demand(hasNormParameters(network), ['network', 'norm'], 'one with parameters, affine: true,');
  }
  return unmet;
}
