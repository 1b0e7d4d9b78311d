import { STRATEGY_TERMS } from '@fedvox/job';
import { shifted } from '../shifted.js';
import { valueByValue } from '../side-by-side.js';
import type { Strategy } from '../strategy.js';

/**
 * The median of each value over the sites (Yin et al., ICML 2018, definition 1); of an even number, the mean
 * of the two in the middle. Sites count alike, whatever they weigh: as long as most are honest, each value lies
 * between two of theirs.
 */
export const median: Strategy<'median'> = {
  ...STRATEGY_TERMS.median,
  aggregate: async ({ base, updates }) => ({
    model: shifted(base, valueByValue(updates, middleOf)),
    serverState: null,
  }),
};

function middleOf(ascending: Float64Array): number {
  const [below, above] = [(ascending.length - 1) >> 1, ascending.length >> 1];
  return ((ascending[below] as number) + (ascending[above] as number)) / 2;
}
