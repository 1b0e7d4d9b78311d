import { STRATEGY_TERMS } from '@fedvox/job';
import { shifted } from '../shifted.js';
import { valueByValue } from '../side-by-side.js';
import type { Strategy } from '../strategy.js';

/** What of a product is rounding: a tenth of thirty sites are three. */
const ROUNDING = 1e-9;

/**
 * The mean of each value over the sites without the ⌊βn⌋ smallest and the ⌊βn⌋ largest (Yin et al., ICML
 * 2018, definition 2), with β the job's `fraction` of n sites. Sites count alike, whatever they weigh.
 */
export const trimmedMean: Strategy<'trimmed-mean'> = {
  ...STRATEGY_TERMS['trimmed-mean'],
  aggregate: async ({ spec, base, updates }) => {
    const most = Math.ceil(updates.length / 2) - 1;
    const trimmed = Math.min(most, Math.floor(spec.fraction * updates.length + ROUNDING));
    const mean = (ascending: Float64Array) => {
      const kept = ascending.subarray(trimmed, ascending.length - trimmed);
      return kept.reduce((sum, value) => sum + value, 0) / kept.length;
    };
    return { model: shifted(base, valueByValue(updates, mean)), serverState: null };
  },
};
