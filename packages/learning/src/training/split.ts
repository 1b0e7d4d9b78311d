import { assert, sha256 } from '@fedvox/base';
import type { ValidationPart } from '@fedvox/job';
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
 * @param part of the cases, in an order by chance, that validate
 * @throws FedvoxError `learning/too-few-cases` with fewer than two
 */
export function splitCases<T extends { readonly caseId: string }>(
  cases: readonly T[],
  seed: number,
  part: ValidationPart,
): Split<T> {
  checkPart(part);
  if (cases.length < 2)
    throw fail('too-few-cases', { cases: cases.length, needed: 2, use: TRAINING_NEEDS, why: '' });
  const ranked = cases
    .map((item) => ({ item, rank: sha256(`${seed}/split/${item.caseId}`) }))
    .sort((a, b) => (a.rank < b.rank ? -1 : 1))
    .map(({ item }) => item);
  const wanted = rounded(cases.length, part);
  const from = Math.min(wanted.from, cases.length - 1);
  const to = Math.min(Math.max(wanted.to, from + 1), from + cases.length - 1, cases.length);
  return {
    train: [...ranked.slice(0, from), ...ranked.slice(to)],
    validation: ranked.slice(from, to),
  };
}

/** Parts that end where others begin share no case, and leave none out. */
function rounded(count: number, { from, to }: ValidationPart): ValidationPart {
  return { from: Math.round(count * from), to: Math.round(count * to) };
}

export function checkPart({ from, to }: ValidationPart): void {
  const isPart = from >= 0 && from < to && to <= 1 && to - from < 1;
  assert(isPart, 'those that validate are some of the cases and not all');
}
