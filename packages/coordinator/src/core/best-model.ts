import { capWeights } from '@fedvox/aggregation';
import { type Figures, METRICS, type MetricName } from '@fedvox/job';

/** One model's figures as its sites reported them; null where one is undefined, withheld or missing. */
export interface ScoredModel {
  /** 0 is the untrained model. */
  readonly round: number;
  readonly sites: readonly SiteScore[];
}

export interface SiteScore extends Figures {
  readonly site: string;
  readonly weight: number | null;
}

/** The best of a job's models, or why none is: nothing to compare, or no model that none beats. */
export type Choice<Model extends ScoredModel> =
  | { readonly kind: 'best'; readonly model: Model }
  | { readonly kind: 'unmeasured' }
  /** In the order of their rounds: each is beaten by another one on the sites that scored both. */
  | { readonly kind: 'undecided'; readonly rounds: readonly number[] };

/**
 * The best model of rounds 1 … R by its declared metric. Two models are compared on the sites that
 * scored both, each with one weight: a round in which the hard site was away must not look better for
 * it. **The best model is one that no other beats so.** Of several, that which most sites scored, then
 * the earlier one. No site decides alone: its weight has at most `maxShare` (null: what it is). There may be none: a can beat b at one site, b beat c at the second, c beat a at the third.
 */
export function chooseBest<Model extends ScoredModel>(
  models: readonly Model[],
  metric: MetricName,
  maxShare: number | null = null,
): Choice<Model> {
  const weights = siteWeights(models, maxShare);
  const candidates = models
    .filter(({ round }) => round > 0)
    .map((model) => ({ model, figures: figuresBySite(model, metric) }))
    .filter(({ figures }) => figures.size > 0);
  if (candidates.length === 0) return { kind: 'unmeasured' };
  const unbeaten = candidates.filter(({ figures }) =>
    candidates.every((other) => advantage(figures, other.figures, weights, metric) >= 0),
  );
  const [best] = unbeaten.toSorted((a, b) => b.figures.size - a.figures.size);
  if (best !== undefined) return { kind: 'best', model: best.model };
  return { kind: 'undecided', rounds: candidates.map(({ model }) => model.round) };
}

type FiguresBySite = ReadonlyMap<string, number>;

function figuresBySite({ sites }: ScoredModel, metric: MetricName): FiguresBySite {
  const scored = sites.flatMap(({ site, [metric]: figure }): [string, number][] =>
    figure === null ? [] : [[site, figure]],
  );
  return new Map(scored.sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** What a site last weighed, capped: one weight for both sides of every comparison. */
function siteWeights(
  models: readonly ScoredModel[],
  maxShare: number | null,
): ReadonlyMap<string, number> {
  const cells = models.flatMap(({ sites }) => sites);
  const last = new Map(
    cells.flatMap(({ site, weight }) => (weight === null ? [] : [[site, weight]])),
  );
  return capWeights(
    [...last].map(([site, weight]) => ({ site, weight })),
    maxShare,
  );
}

/** Means of figures that differ by less are the same. */
const ROUNDING = 1e-12;

/**
 * By how much a is better than b over the sites that scored both, weighted; 0 where there is none.
 * Of b over a it is the same with the other sign, to the bit.
 */
function advantage(
  a: FiguresBySite,
  b: FiguresBySite,
  weights: ReadonlyMap<string, number>,
  metric: MetricName,
): number {
  let sum = 0;
  let total = 0;
  for (const [site, figure] of a) {
    const [other, weight] = [b.get(site), weights.get(site) ?? 1];
    if (other === undefined) continue;
    sum += weight * (figure - other);
    total += weight;
  }
  if (Math.abs(sum) <= ROUNDING * total) return 0;
  return METRICS[metric].better === 'higher' ? sum / total : -sum / total;
}
