import { type Figures, type MetricName, perMetric } from '@fedvox/job';
import { capWeights, type SiteWeight } from './cap-weights.js';

export interface WeightedFigures extends SiteWeight {
  readonly figures: Figures;
}

/**
 * One model's figures over all sites: the mean weighted with the FedAvg weights, capped as they are
 * for the model. A site whose figure is null (undefined or withheld) takes no part in that metric; null
 * where no site has one.
 */
export function combineFigures(
  sites: readonly WeightedFigures[],
  maxShare: number | null,
): Figures {
  return perMetric((metric) => weightedMean(sites, metric, maxShare));
}

function weightedMean(
  sites: readonly WeightedFigures[],
  metric: MetricName,
  maxShare: number | null,
): number | null {
  const reporting = sites.filter(({ figures }) => figures[metric] !== null);
  const reported = new Map(reporting.map(({ site, figures }) => [site, figures[metric]]));
  let sum = 0;
  let totalWeight = 0;
  for (const [site, weight] of capWeights(reporting, maxShare)) {
    sum += weight * (reported.get(site) as number);
    totalWeight += weight;
  }
  return totalWeight === 0 ? null : sum / totalWeight;
}
