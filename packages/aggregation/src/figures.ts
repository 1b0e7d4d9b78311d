import { type Figures, METRIC_NAMES, type MetricName } from '@fedvox/job';

export interface WeightedFigures {
  readonly weight: number;
  readonly figures: Figures;
}

/**
 * One model's figures over all sites: the mean weighted with the FedAvg weights. A site whose figure
 * is null (undefined or withheld) takes no part in that metric; null where no site has one.
 */
export function combineFigures(sites: readonly WeightedFigures[]): Figures {
  const means = METRIC_NAMES.map((metric) => [metric, weightedMean(sites, metric)]);
  return Object.fromEntries(means) as Figures;
}

function weightedMean(sites: readonly WeightedFigures[], metric: MetricName): number | null {
  let sum = 0;
  let totalWeight = 0;
  for (const { weight, figures } of sites) {
    const figure = figures[metric];
    if (figure === null) continue;
    sum += weight * figure;
    totalWeight += weight;
  }
  return totalWeight === 0 ? null : sum / totalWeight;
}
