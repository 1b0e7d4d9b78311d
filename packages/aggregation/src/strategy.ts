import type { SiteNeeds, StrategyKind, StrategySpec } from '@fedvox/job';
import type { TensorReader, TensorSource } from '@fedvox/weights';

/** One site's part in a round. */
export interface SiteUpdate {
  readonly site: string;
  /** FedAvg weight: positive and finite; only its ratio to the other sites' matters. */
  readonly weight: number;
  /** What the site's training added to the base model; `checkDelta` has accepted it. */
  readonly delta: TensorReader;
  /** Steps of the optimizer that made the delta; null where the site does not say. */
  readonly localSteps: number | null;
  /** The site's Dice of the base model, 0 to 1; null where it reports none. */
  readonly dice: number | null;
  /** How many rounds ago the round began that it was made for; 0 where absent. */
  readonly staleness?: number;
}

export interface StrategyInput<Kind extends StrategyKind = StrategyKind> {
  /** What the job says of the strategy. */
  readonly spec: StrategySpec<Kind>;
  readonly base: TensorSource;
  /**
   * At least one, one per site, in order of the sites' names. Weights are capped as `capWeights` says;
   * each is 1 where the strategy needs none or the job lets all count alike.
   */
  readonly updates: readonly SiteUpdate[];
  /** What the strategy kept when it made the base model; null in a job's first round. */
  readonly serverState: TensorSource | null;
  /** Computes a source once and writes it down until the round is aggregated, to be read from there. */
  readonly spool: (source: TensorSource) => Promise<TensorSource>;
}

export interface Aggregate {
  /** Has the base model's tensors. */
  readonly model: TensorSource;
  /** For the next round's `serverState`; null where the strategy keeps nothing. */
  readonly serverState: TensorSource | null;
}

/**
 * How the updates of a round become a model: a pure function of what the job says of it, the base
 * model, the set of updates, and what it kept from the round before.
 *
 * It answers sources that compute what is read of them, so that whoever reads says how much is in
 * memory: a slice of a tensor. A rule that compares all sites, such as the median, reads slices of them
 * that are the shorter the more sites there are. A strategy that must see its updates whole first, for
 * their distances say, reads them before it answers; one that needs what it computed again spools it.
 */
export interface Strategy<Kind extends StrategyKind = StrategyKind> {
  readonly needs: SiteNeeds;
  aggregate(input: StrategyInput<Kind>): Promise<Aggregate>;
}

/** One strategy for each kind that a job can name. */
export type Strategies = { readonly [Kind in StrategyKind]: Strategy<Kind> };
