import { z } from 'zod';
import { unionOf } from './kinds.js';

/** What a strategy needs of the sites whose updates it aggregates. */
export interface SiteNeeds {
  /** That updates count by their FedAvg weight; where not, each counts 1. */
  readonly weights: boolean;
  /** That each site says how many steps of the optimizer made its update. */
  readonly localSteps: boolean;
  /** That every site of a round gives an update: `minSites` are not enough. */
  readonly everySite: boolean;
}

const NEEDS_WEIGHTS = { weights: true, localSteps: false, everySite: false } satisfies SiteNeeds;

const positive = z.number().positive();
/** A decay: how much of a moment is left after a round. */
const decay = z.number().min(0).lt(1);

/**
 * By what updates count in a mean: by the FedAvg weight of each, where absent too, or all alike. Optional
 * rather than defaulted: a default would change the bytes of jobs that were signed before.
 */
const averaging = { weights: z.enum(['examples', 'uniform']).optional() };
/** What the adaptive rules share (Reddi et al., ICLR 2021): η, which no value suits everywhere, and τ. */
const adaptive = { ...averaging, learningRate: positive, tau: positive.default(1e-3) };
const moments = { ...adaptive, beta1: decay.default(0.9), beta2: decay.default(0.99) };

/**
 * The strategies that a job can name: what it may say of each, and what each needs of the sites. How
 * it aggregates is the row of its kind in `aggregation`, which does not compile while one is missing.
 */
export const STRATEGY_TERMS = {
  /** Federated averaging: McMahan et al., AISTATS 2017. */
  fedavg: {
    schema: z.strictObject({ kind: z.literal('fedavg'), ...averaging }),
    needs: NEEDS_WEIGHTS,
  },
  /** Averaging with server momentum: Hsu, Qi and Brown, arXiv:1909.06335. */
  fedavgm: {
    schema: z.strictObject({
      kind: z.literal('fedavgm'),
      ...averaging,
      learningRate: positive.default(1),
      momentum: decay.default(0.9),
    }),
    needs: NEEDS_WEIGHTS,
  },
  /** Adam, Yogi and Adagrad on the server: Reddi et al., ICLR 2021. */
  fedadam: {
    schema: z.strictObject({ kind: z.literal('fedadam'), ...moments }),
    needs: NEEDS_WEIGHTS,
  },
  fedyogi: {
    schema: z.strictObject({ kind: z.literal('fedyogi'), ...moments }),
    needs: NEEDS_WEIGHTS,
  },
  fedadagrad: {
    schema: z.strictObject({
      kind: z.literal('fedadagrad'),
      ...adaptive,
      beta1: decay.default(0),
    }),
    needs: NEEDS_WEIGHTS,
  },
} as const;

export type StrategyKind = keyof typeof STRATEGY_TERMS;
export const STRATEGY_KINDS = Object.keys(STRATEGY_TERMS) as StrategyKind[];
export const strategySchema = unionOf(STRATEGY_TERMS);
/** What a job says of its strategy; of one kind where it is named. */
export type StrategySpec<Kind extends StrategyKind = StrategyKind> = Extract<
  z.output<typeof strategySchema>,
  { kind: Kind }
>;
