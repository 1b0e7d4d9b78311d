import { quantileOf, seededRandom } from '@fedvox/base';
import type { Difference, Estimate } from '@fedvox/report';
import type { CaseDice } from './measured-run.js';

const RESAMPLES = 2_000;
const LEVEL = 0.95;
/** Fewer cases than this have all their signs gone through, instead of some drawn. */
const EXACT_UP_TO = 13;
const DRAWN_SIGNS = 10_000;

/**
 * Mean over classes of the mean over the cases that have it, as a job's Dice is; NaN where there is none.
 * @param only of this class by its index; of all where absent
 */
export function diceOf(cases: readonly CaseDice[], only?: number): number {
  const classes = cases[0]?.byClass.length ?? 0;
  const wanted = only === undefined ? Array.from({ length: classes }, (_, k) => k) : [only];
  return meanOf(wanted.map((k) => meanOf(cases.map(({ byClass }) => byClass[k] ?? Number.NaN))));
}

/**
 * A figure over seeds and cases, with its 95 % percentile bootstrap interval: seeds are drawn anew, and the cases of
 * each (Efron and Tibshirani, An Introduction to the Bootstrap, 1993, ch. 13; seeds as the outer of two levels).
 * @param seeds the cases of each
 * @param figureOf NaN where these cases have none
 * @returns null where no seed has the figure
 */
export function estimateOf<Case>(
  seeds: readonly (readonly Case[])[],
  figureOf: (cases: readonly Case[]) => number,
): Estimate | null {
  const mean = meanOf(seeds.map(figureOf));
  if (Number.isNaN(mean)) return null;
  if (seeds.every((cases) => cases.length < 2)) return { mean, low: null, high: null };
  const random = seededRandom('comparison');
  const drawn = <T>(items: readonly T[]) => items.map(() => items[random.below(items.length)] as T);
  const figures = Float64Array.from({ length: RESAMPLES }, () =>
    meanOf(drawn(seeds).map((cases) => figureOf(drawn(cases)))),
  ).filter((figure) => !Number.isNaN(figure));
  figures.sort();
  const outside = (1 - LEVEL) / 2;
  return { mean, low: quantileOf(figures, outside), high: quantileOf(figures, 1 - outside) };
}

type Pair = readonly [CaseDice, CaseDice];

/**
 * By what one training is better than another, over the cases that both were measured on with the same seed.
 * @returns null where there are none
 */
export function differenceOf(
  ours: readonly (readonly CaseDice[])[],
  theirs: readonly (readonly CaseDice[])[],
): Difference | null {
  const pairs = ours.map((cases, seed) => pairsOf(cases, theirs[seed] ?? []));
  const estimate = estimateOf(
    pairs,
    (some) => diceOf(some.map(([our]) => our)) - diceOf(some.map(([, their]) => their)),
  );
  return estimate && { ...estimate, p: permutationTest(caseDifferences(pairs)) };
}

function pairsOf(ours: readonly CaseDice[], theirs: readonly CaseDice[]): Pair[] {
  const byCase = new Map(theirs.map((one) => [keyOf(one), one]));
  return ours.flatMap((one) => {
    const other = byCase.get(keyOf(one));
    return other === undefined ? [] : [[one, other] as const];
  });
}

/** Of each case the mean over the seeds that measured it: a case is one, however often it was looked at. */
function caseDifferences(seeds: readonly (readonly Pair[])[]): number[] {
  const byCase = new Map<string, number[]>();
  for (const [ours, theirs] of seeds.flat()) {
    const difference = diceOf([ours]) - diceOf([theirs]);
    if (Number.isNaN(difference)) continue;
    byCase.set(keyOf(ours), [...(byCase.get(keyOf(ours)) ?? []), difference]);
  }
  return [...byCase.values()].map(meanOf);
}

/**
 * How often a mean as far from 0 would come about if each difference had either sign by chance: the two-sided paired
 * permutation test (Fisher 1935; Good, Permutation, Parametric and Bootstrap Tests of Hypotheses, 2005, ch. 3).
 * @returns null for fewer than two differences
 */
export function permutationTest(differences: readonly number[]): number | null {
  const count = differences.length;
  if (count < 2) return null;
  const scale = differences.reduce((sum, each) => sum + Math.abs(each), 0);
  // Sums in another order differ in their last bits.
  const reached = Math.abs(differences.reduce((sum, each) => sum + each, 0)) - 1e-12 * scale;
  const isAsFar = (sign: (index: number) => boolean) =>
    Math.abs(differences.reduce((sum, each, k) => sum + (sign(k) ? each : -each), 0)) >= reached;
  if (count <= EXACT_UP_TO) {
    const all = 2 ** count;
    const far = Array.from({ length: all }, (_, bits) => bits).filter((bits) =>
      isAsFar((k) => ((bits >> k) & 1) === 1),
    );
    return far.length / all;
  }
  const random = seededRandom('signs');
  const far = Array.from({ length: DRAWN_SIGNS }).filter(() =>
    isAsFar(() => random.below(2) === 1),
  );
  // The signs as they are count as one draw: a probability is never 0.
  return (far.length + 1) / (DRAWN_SIGNS + 1);
}

export function meanOf(values: readonly number[]): number {
  const known = values.filter((value) => !Number.isNaN(value));
  return known.reduce((sum, value) => sum + value, 0) / known.length;
}

const keyOf = ({ site, caseId }: CaseDice) => JSON.stringify([site, caseId]);
