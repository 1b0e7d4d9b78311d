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

/**
 * The strategies that a job can name: what it may say of each, and what each needs of the sites. How
 * it aggregates is the row of its kind in `aggregation`, which does not compile while one is missing.
 */
export const STRATEGY_TERMS = {
  /** Federated averaging: McMahan et al., AISTATS 2017. */
  fedavg: {
    schema: z.strictObject({ kind: z.literal('fedavg') }),
    needs: { weights: true, localSteps: false, everySite: false } satisfies SiteNeeds,
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
