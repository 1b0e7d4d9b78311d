import { type Random, seededRandom } from '@fedvox/base';
import type { Participation } from '@fedvox/job';

/** Who trains in a round, as the submission fixed it; a plan without it has every site train. */
export type ParticipationPlan =
  | Extract<Participation, { kind: 'named' }>
  /** `seed`: the job's. */
  | (Extract<Participation, { kind: 'fraction' }> & { readonly seed: number });

/** What of a product is rounding. */
const ROUNDING = 1e-9;

/** How many of so many sites a round calls: the job's part of them, never fewer than `minSites`. */
export function sitesToCall(sites: number, fraction: number, minSites: number): number {
  const part = Math.ceil(fraction * sites - ROUNDING);
  return Math.min(sites, Math.max(part, minSites));
}

/**
 * Sites in the order in which a round calls them. Each one's lot is a function of the job's seed, the
 * round and its own name, so that the order among some is the same whoever else is there, and anyone
 * who holds the job can draw it again. (Highest random weight: Thaler and Ravishankar, IEEE/ACM ToN 1998.)
 */
export function byLot(sites: readonly string[], seed: number, round: number): readonly string[] {
  const lots = seededRandom(seed).fork('participation').fork(`${round}`);
  return sites
    .map((site) => ({ site, lot: lotOf(lots, site) }))
    .sort((a, b) => a.lot - b.lot || (a.site < b.site ? -1 : 1))
    .map(({ site }) => site);
}

const lotOf = (lots: Random, site: string) => lots.fork(site).uniform();
