import { capWeights } from '@fedvox/aggregation';
import { type Figures, METRICS, type MetricName, type SelectionRule } from '@fedvox/job';

/** One model's figures as its sites reported them; null where one is undefined, withheld or missing. */
export interface ScoredModel {
  /** 0 is the model that the job began with. */
  readonly round: number;
  readonly sites: readonly SiteScore[];
}

export interface SiteScore extends Figures {
  readonly site: string;
  readonly weight: number | null;
}

/** What a job's models are compared by. */
export interface ModelComparison {
  readonly metric: MetricName;
  /** Over the sites; by the weighted mean where absent. */
  readonly over?: SelectionRule | undefined;
  /** The largest part of the weighted mean that one site may be; null, or absent: what it is. */
  readonly maxShare?: number | null;
}

/** The best of a job's models, or why none is: nothing to compare, or no model that none beats. */
export type Choice<Model extends ScoredModel> =
  | { readonly kind: 'best'; readonly model: Model }
  | { readonly kind: 'unmeasured' }
  /** In the order of their rounds: each is beaten by another one on the sites that scored both. */
  | { readonly kind: 'undecided'; readonly rounds: readonly number[] };

/**
 * The best model of rounds 1 … R. Two models are compared on the sites that scored both, each with one
 * weight: a round in which the hard site was away must not look better for it. **The best model is one
 * that no other beats so.** Of several, that which most sites scored, then the earlier one. No site
 * decides alone: its weight has at most `maxShare`. There may be none: a can beat b at one site, b beat
 * c at the second, c beat a at the third.
 */
export function chooseBest<Model extends ScoredModel>(
  models: readonly Model[],
  comparison: ModelComparison,
): Choice<Model> {
  const steps = choosing(models, comparison);
  for (;;) {
    const step = steps.next();
    if (step.done === true) return step.value;
  }
}

/**
 * The same, a model or a comparison at a time, for whoever has others to see to between: of a job of a thousand rounds and a
 * hundred sites all of it takes a large part of a second.
 */
export function* choosing<Model extends ScoredModel>(
  models: readonly Model[],
  comparison: ModelComparison,
): Generator<void, Choice<Model>> {
  const candidates: Measured<Model>[] = [];
  for (const model of models) {
    candidates.push(...measured([model], comparison));
    yield;
  }
  if (candidates.length === 0) return { kind: 'unmeasured' };
  const advantage = advantageBy(models, comparison);
  yield;
  // The likeliest to beat a model are asked first: of a thousand that improve, each costs a comparison or two.
  const rivals = candidates
    .map(({ figures }) => ({ figures, mean: meanOf(figures) }))
    .sort((a, b) => b.mean - a.mean);
  const unbeaten: Measured<Model>[] = [];
  for (const candidate of candidates) {
    let isBeaten = false;
    for (const rival of rivals) {
      isBeaten = (advantage(candidate.figures, rival.figures) ?? 0) < 0;
      yield;
      if (isBeaten) break;
    }
    if (!isBeaten) unbeaten.push(candidate);
  }
  const [best] = unbeaten.toSorted((a, b) => b.figures.size - a.figures.size);
  if (best !== undefined) return { kind: 'best', model: best.model };
  return { kind: 'undecided', rounds: candidates.map(({ model }) => model.round) };
}

/** The model of the last gain so far, and how many were scored since then that were none. */
export interface LastGain {
  readonly round: number;
  readonly modelsSince: number;
}

/**
 * When a job's models last became better: going through them in their order, one that beats the last
 * gain by `minGain` (by anything at all where that is 0) on the sites that scored both is the next gain.
 * The first that was scored is one, and so is one that no site of the last gain scored: nothing says
 * that it is worse. A model without figures counts for nothing. Null where none has any.
 */
export function lastGain(
  models: readonly ScoredModel[],
  comparison: ModelComparison,
  minGain: number,
): LastGain | null {
  const advantage = advantageBy(models, comparison);
  const scored = measured(models, comparison);
  let [best] = scored;
  if (best === undefined) return null;
  let modelsSince = 0;
  for (const candidate of scored.slice(1)) {
    const gain = advantage(candidate.figures, best.figures);
    if (gain === null || (gain > 0 && gain >= minGain - ROUNDING)) {
      best = candidate;
      modelsSince = 0;
    } else modelsSince++;
  }
  return { round: best.model.round, modelsSince };
}

/** A model's figures by site, the sites in order; the greater, the better. */
type FiguresBySite = ReadonlyMap<string, number>;

interface Measured<Model extends ScoredModel> {
  readonly model: Model;
  readonly figures: FiguresBySite;
}

/** The models of rounds 1 … R that any site has a figure of. */
function measured<Model extends ScoredModel>(
  models: readonly Model[],
  { metric }: ModelComparison,
): readonly Measured<Model>[] {
  return models
    .filter(({ round }) => round > 0)
    .map((model) => ({ model, figures: figuresBySite(model, metric) }))
    .filter(({ figures }) => figures.size > 0);
}

function figuresBySite({ sites }: ScoredModel, metric: MetricName): FiguresBySite {
  const sign = METRICS[metric].better === 'higher' ? 1 : -1;
  const scored = sites.flatMap(({ site, [metric]: figure }): [string, number][] =>
    figure === null ? [] : [[site, sign * figure]],
  );
  return new Map(scored.sort(([a], [b]) => (a < b ? -1 : 1)));
}

function meanOf(figures: FiguresBySite): number {
  let sum = 0;
  for (const figure of figures.values()) sum += figure;
  return sum / figures.size;
}

/** Figures that differ by less are the same. */
const ROUNDING = 1e-12;

/**
 * By how much a is better than b over the sites that scored both; null where there is none. Of b over
 * a it is the same with the other sign, to the bit.
 */
type Advantage = (a: FiguresBySite, b: FiguresBySite) => number | null;

function advantageBy(
  models: readonly ScoredModel[],
  { over = 'weighted', maxShare = null }: ModelComparison,
): Advantage {
  const weights = over === 'weighted' ? siteWeights(models, maxShare) : new Map<string, number>();
  return (a, b) => {
    const shared = [...a].flatMap(([site, figure]): SharedSite[] => {
      const other = b.get(site);
      return other === undefined ? [] : [{ figure, other, weight: weights.get(site) ?? 1 }];
    });
    if (shared.length === 0) return null;
    const gain = over === 'worst' ? gainOfWorst(shared) : meanGain(shared);
    return Math.abs(gain) <= ROUNDING ? 0 : gain;
  };
}

interface SharedSite {
  readonly figure: number;
  readonly other: number;
  readonly weight: number;
}

function meanGain(shared: readonly SharedSite[]): number {
  let sum = 0;
  let total = 0;
  for (const { figure, other, weight } of shared) {
    sum += weight * (figure - other);
    total += weight;
  }
  return sum / total;
}

function gainOfWorst(shared: readonly SharedSite[]): number {
  const worst = (key: 'figure' | 'other') => Math.min(...shared.map((site) => site[key]));
  return worst('figure') - worst('other');
}

/** What a site last weighed, capped: one weight for both sides of every comparison. */
function siteWeights(
  models: readonly ScoredModel[],
  maxShare: number | null,
): ReadonlyMap<string, number> {
  const last = new Map<string, number>();
  for (const { sites } of models) {
    for (const { site, weight } of sites) if (weight !== null) last.set(site, weight);
  }
  return capWeights(
    [...last].map(([site, weight]) => ({ site, weight })),
    maxShare,
  );
}
