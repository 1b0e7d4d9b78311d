import { METRICS, type MetricName } from './metrics.js';
import type { PlateauSpec } from './schedule.js';

/**
 * How often a plateau has cut the learning rate, as PyTorch's `ReduceLROnPlateau` does with a relative threshold:
 * by figures of the job's models in their order, and by nothing else. A model without a figure counts for nothing.
 */
export function plateauCuts(
  { patience, threshold }: Pick<PlateauSpec, 'patience' | 'threshold'>,
  metric: MetricName,
  figures: readonly (number | null)[],
): number {
  const isHigherBetter = METRICS[metric].better === 'higher';
  const isGain = (figure: number, best: number) =>
    isHigherBetter ? figure > best * (1 + threshold) : figure < best * (1 - threshold);
  let best: number | undefined;
  let without = 0;
  let cuts = 0;
  for (const figure of figures) {
    if (figure === null) continue;
    if (best === undefined || isGain(figure, best)) {
      best = figure;
      without = 0;
    } else if (++without > patience) {
      cuts++;
      without = 0;
    }
  }
  return cuts;
}
