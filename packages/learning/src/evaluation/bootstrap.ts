import { quantileOf, seededRandom } from '@fedvox/base';

/** Where a figure may lie, given the few cases it was measured on. */
export interface Interval {
  readonly low: number;
  readonly high: number;
}

export interface BootstrapOptions {
  readonly seed: number;
  readonly resamples: number;
  /** Of the resamples' figures, the part that the interval holds, in the middle. */
  readonly level: number;
}

/**
 * The percentile bootstrap interval of a figure (Efron and Tibshirani, An Introduction to the Bootstrap, 1993, ch. 13): the figure
 * of as many groups, drawn with replacement, again and again. Cases of one patient are one group, for they are not independent.
 * @param figureOf NaN where these cases have none: such a draw does not count
 * @returns null where there is but one group, or where no draw has the figure
 */
export function bootstrapInterval<Case>(
  groups: readonly (readonly Case[])[],
  figureOf: (cases: readonly Case[]) => number,
  { seed, resamples, level }: BootstrapOptions,
): Interval | null {
  if (groups.length < 2) return null;
  const random = seededRandom(`bootstrap/${seed}`);
  const draw = () => groups[random.below(groups.length)] ?? [];
  const figures = Float64Array.from({ length: resamples }, () =>
    figureOf(groups.flatMap(draw)),
  ).filter((figure) => !Number.isNaN(figure));
  if (figures.length === 0) return null;
  figures.sort();
  const outside = (1 - level) / 2;
  return { low: quantileOf(figures, outside), high: quantileOf(figures, 1 - outside) };
}
