/** What of a specificity is rounding: of ten negatives one may be found at 0.9. */
const ROUNDING = 1e-9;

/**
 * The highest sensitivity of any threshold at which the specificity is at least the one asked for: of a ROC curve its highest
 * point up to there. A score above the threshold is a finding.
 * @returns NaN where there is only one class
 */
export function sensitivityAt(
  specificity: number,
  positives: readonly number[],
  negatives: readonly number[],
): number {
  if (negatives.length === 0) return Number.NaN;
  const falling = Float64Array.from(negatives).sort().reverse();
  const allowed = Math.floor((1 - specificity) * negatives.length + ROUNDING);
  const threshold = falling[allowed] ?? Number.NEGATIVE_INFINITY;
  return positives.filter((score) => score > threshold).length / positives.length;
}
