import { assert, sha256 } from '@fedvox/base';
import { fail } from '../errors.js';

/** What needs so many cases, in the words of an error. */
export const TRAINING_NEEDS = 'training and validation need';

export interface Split<T> {
  readonly train: readonly T[];
  readonly validation: readonly T[];
}

/**
 * Divides a site's cases into training and validation: a function of the seed and of the cases
 * themselves, in whatever order they were found, so that every round validates on the same ones and
 * a new case moves few of the others. Each part gets at least one.
 * @param fraction of the cases that validate, in (0, 1)
 * @throws FedvoxError `learning/too-few-cases` with fewer than two
 */
export function splitCases<T extends { readonly caseId: string }>(
  cases: readonly T[],
  seed: number,
  fraction: number,
): Split<T> {
  assert(fraction > 0 && fraction < 1, 'the validation fraction lies between 0 and 1');
  if (cases.length < 2)
    throw fail('too-few-cases', { cases: cases.length, needed: 2, use: TRAINING_NEEDS, why: '' });
  const ranked = cases
    .map((item) => ({ item, rank: sha256(`${seed}/split/${item.caseId}`) }))
    .sort((a, b) => (a.rank < b.rank ? -1 : 1))
    .map(({ item }) => item);
  const wanted = Math.round(cases.length * fraction);
  const count = Math.min(Math.max(wanted, 1), cases.length - 1);
  return { train: ranked.slice(count), validation: ranked.slice(0, count) };
}
