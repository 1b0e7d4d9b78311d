import type { MissingFigure } from '@fedvox/job';

/** There is nothing to say yet. */
export const NOT_YET = '–';

/** A figure for people: three decimals, or the word for why there is none; a hyphen where it is undefined. */
export function figure(value: number | null | undefined, why?: MissingFigure): string {
  if (value !== null && value !== undefined) return value.toFixed(3);
  if (why === 'withheld') return 'withheld';
  return why === 'not-yet' ? NOT_YET : '-';
}
