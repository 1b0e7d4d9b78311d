import type { Chance, Clock } from '@fedvox/base';
import { systemChance, systemClock } from '@fedvox/base/system';

/** Where commands take their time and chance from; what they call knows of no other. */
export const SURROUNDINGS: { readonly clock: Clock; readonly chance: Chance } = {
  clock: systemClock,
  chance: systemChance,
};
