import { STRATEGY_TERMS } from '@fedvox/job';
import { type Float64Reader, meanDelta } from '../mean-delta.js';
import { shifted } from '../shifted.js';
import type { SiteUpdate, Strategy } from '../strategy.js';

/**
 * A site that says it took more steps than so many times the median of all counts no further in the
 * length of the common step: there its word alone would stretch what all others did.
 */
const MOST_OF_MEDIAN = 10;

/**
 * Normalised averaging (FedNova; Wang et al., NeurIPS 2020, equation 6): sites are averaged by what they
 * do per local step, and the mean goes as far as the sites went on average,
 * `new = base + (Σ pᵢτᵢ) Σ pᵢ δᵢ/τᵢ` with `pᵢ = wᵢ / Σ wⱼ`, so that a site that takes more steps pulls no
 * harder. τᵢ is the number of a site's steps: exact for plain gradient descent, and under Adam, whose steps
 * are about as long whatever the gradient, what stands for it.
 */
export const fedNova: Strategy<'fednova'> = {
  ...STRATEGY_TERMS.fednova,
  aggregate: async ({ base, updates }) => ({
    model: shifted(base, commonStep(updates)),
    serverState: null,
  }),
};

function commonStep(updates: readonly SiteUpdate[]): Float64Reader {
  const most = MOST_OF_MEDIAN * median(updates.map(stepsOf));
  const perStep = updates.map((each) => ({ ...each, weight: each.weight / stepsOf(each) }));
  const total = sumOf(updates, ({ weight }) => weight);
  const reach = sumOf(updates, (each) => each.weight * Math.min(stepsOf(each), most)) / total;
  // The mean divides by the weights per step, where the rule divides by the weights.
  const length = (reach * sumOf(perStep, ({ weight }) => weight)) / total;
  const mean = meanDelta(perStep);
  return async (...slice) => (await mean(...slice)).map((value) => length * value);
}

/** It is there: the strategy needs it. */
const stepsOf = ({ localSteps }: SiteUpdate) => localSteps as number;

function sumOf(updates: readonly SiteUpdate[], part: (update: SiteUpdate) => number): number {
  return updates.reduce((sum, update) => sum + part(update), 0);
}

/** The lower one of two in the middle. */
function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[(values.length - 1) >> 1] as number;
}
