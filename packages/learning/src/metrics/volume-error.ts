import type { Overlap } from './dice.js';

/**
 * By which part of its volume a structure was found too large, or, below 0, too small.
 * @returns NaN where there is none
 */
export function volumeError({ predicted, reference }: Overlap): number {
  return reference === 0 ? Number.NaN : (predicted - reference) / reference;
}
