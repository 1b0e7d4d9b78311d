import { assert } from '@fedvox/base';
import type { Job } from '@fedvox/job';
import type { Weights } from '@fedvox/weights';
import type { Evaluation } from '../evaluation/evaluate-cases.js';
import type { StepTerms } from '../training/gradient-terms.js';

/** Where a strategy's part at the site finds what it left there, and leaves what is to be found again. */
export interface KeptFolders {
  /** Of an earlier round; null before the first. */
  readonly before: string | null;
  /** Of this round; empty when it begins. What is in it counts once its update is durable. */
  readonly after: string;
}

/** A round, as a strategy's part at the site sees it. */
export interface RoundAtSite {
  readonly job: Job;
  /** From 1. */
  readonly number: number;
  /** The model that the round began with. */
  readonly base: Weights;
  readonly kept?: KeptFolders | undefined;
  /** Trains other weights on the site's cases, as long as the round's. */
  train(from: Weights, terms: StepTerms): Promise<Weights>;
  /** Measures other weights on the site's validation cases. */
  evaluate(weights: Weights): Promise<Evaluation>;
}

/** What a strategy asks of a site, besides to train what it is given. */
export interface SiteRule {
  /** What the site measures and trains. */
  model(round: RoundAtSite): Promise<Weights>;
  /** What each step's gradient has besides. */
  terms(round: RoundAtSite): Promise<StepTerms>;
  /** Keeps what later rounds need, and people at the site. */
  keep(round: RoundAtSite, terms: StepTerms, trained: Weights): Promise<void>;
  /** What of the delta leaves. */
  shared(round: RoundAtSite, delta: Weights): Weights;
  /** Keeps what is to be kept of a model that was measured and is not trained any more. */
  keepMeasured(round: RoundAtSite, model: Weights, evaluation: Evaluation): Promise<void>;
}

export const NOTHING_MORE: SiteRule = {
  model: async ({ base }) => base,
  terms: async () => ({}),
  keep: async () => undefined,
  shared: (_, delta) => delta,
  keepMeasured: async () => undefined,
};

export function keptOf({ kept }: RoundAtSite): KeptFolders {
  assert(kept !== undefined, 'a strategy that keeps something at the site is told where');
  return kept;
}
