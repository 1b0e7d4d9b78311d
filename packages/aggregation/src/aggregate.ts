import { assert } from '@fedvox/base';
import { declaredWeights, fewestSites, type SiteNeeds, type StrategySpec } from '@fedvox/job';
import { capWeights, type SiteWeight } from './cap-weights.js';
import { STRATEGIES } from './strategies/index.js';
import type { Aggregate, SiteUpdate, Strategies, Strategy, StrategyInput } from './strategy.js';

export interface AggregationInput extends StrategyInput {
  /** In any order, one per site, at least one; with the weights that the sites named. */
  readonly updates: readonly SiteUpdate[];
  /** The largest part of the average that one site may be; null for plain weights. See `capWeights`. */
  readonly maxShare: number | null;
}

/**
 * Aggregates one round by the strategy that the job names. A pure function of the set of updates: they
 * are sorted by site, so that any order of arrival gives the same bytes.
 */
export async function aggregate(
  { maxShare, updates, ...input }: AggregationInput,
  strategies: Strategies = STRATEGIES,
): Promise<Aggregate> {
  // What a job says of a kind is what the row of that kind takes, which a lookup cannot express.
  const strategy = strategies[input.spec.kind] as Strategy;
  assertComplete(updates, strategy.needs, fewestSites(input.spec));
  const weights = meanWeights(input.spec, updates, maxShare, strategy.needs);
  return strategy.aggregate({ ...input, updates: weighed(updates, weights) });
}

/**
 * What each site counts in the mean that a job's strategy takes: its FedAvg weight or what the job
 * declares for it, capped so that no share is above `maxShare`, or 1 where all count alike.
 */
export function meanWeights(
  spec: StrategySpec,
  sites: readonly SiteWeight[],
  maxShare: number | null,
  needs: Pick<SiteNeeds, 'weights'>,
): ReadonlyMap<string, number> {
  if (!needs.weights || isUniform(spec)) return new Map(sites.map(({ site }) => [site, 1]));
  const declared = declaredWeights(spec);
  if (declared === null) return capWeights(sites, maxShare);
  const weights = sites.map(({ site }) => ({ site, weight: declaredFor(declared, site) }));
  return capWeights(weights, maxShare);
}

/** A site that was taken in after the job was written weighs as little as any that it names. */
function declaredFor(declared: Readonly<Record<string, number>>, site: string): number {
  const named = Object.hasOwn(declared, site) ? declared[site] : undefined;
  return named ?? Math.min(...Object.values(declared));
}

function isUniform(spec: StrategySpec): boolean {
  return 'weights' in spec && spec.weights === 'uniform';
}

function weighed(
  updates: readonly SiteUpdate[],
  weights: ReadonlyMap<string, number>,
): SiteUpdate[] {
  return updates
    .map((update) => ({ ...update, weight: weights.get(update.site) as number }))
    .sort((a, b) => (a.site < b.site ? -1 : 1));
}

function assertComplete(updates: readonly SiteUpdate[], needs: SiteNeeds, fewest: number): void {
  assert(updates.length > 0, 'a round is aggregated from at least one update');
  assert(updates.length >= fewest, 'a round has as many updates as its strategy needs');
  const sites = new Set(updates.map(({ site }) => site));
  assert(sites.size === updates.length, 'a site is averaged once per round');
  const saysSteps = updates.every(({ localSteps }) => localSteps !== null);
  assert(saysSteps || !needs.localSteps, 'each update says how many steps made it');
  const saysDice = updates.every(({ dice }) => dice !== null);
  assert(saysDice || !needs.dice, 'each update says its site’s Dice');
}
