import { assert } from '@fedvox/base';

export interface SiteWeight {
  readonly site: string;
  /** FedAvg weight: positive and finite; only its ratio to the other sites' matters. */
  readonly weight: number;
}

/**
 * The weights that sites are averaged with: none has a larger share of their sum than `maxShare`.
 *
 * **The rule.** Let L be the largest level such that, with every weight above it cut to it, no share
 * exceeds `maxShare`; then each site weighs min(its weight, L). So weights below the cap keep their
 * ratios, to the bit, and where nothing is cut nothing changes. Where the cap cannot be kept because
 * there are too few sites (1 / `maxShare` or fewer), all weigh the same.
 *
 * A pure function of the set of sites and weights: it is computed in order of the sites' names, so
 * that any order of arrival gives the same bits, and anyone who holds the statements and the job can
 * compute it again.
 * @param maxShare in (0, 1]; null for plain weights
 * @returns by site
 */
export function capWeights(
  sites: readonly SiteWeight[],
  maxShare: number | null,
): ReadonlyMap<string, number> {
  const sorted = [...sites].sort((a, b) => (a.site < b.site ? -1 : 1));
  for (const { weight } of sorted) {
    assert(Number.isFinite(weight) && weight > 0, 'a FedAvg weight is positive and finite');
  }
  if (maxShare === null) return new Map(sorted.map(({ site, weight }) => [site, weight]));
  assert(maxShare > 0 && maxShare <= 1, 'a share is a part of the whole');
  if (sorted.length * maxShare <= 1) return new Map(sorted.map(({ site }) => [site, 1]));
  const level = levelOf(sorted, maxShare);
  return new Map(sorted.map(({ site, weight }) => [site, Math.min(weight, level)]));
}

/** Cuts one weight more, the largest of the rest, until the level that they are cut to is above it. */
function levelOf(sites: readonly SiteWeight[], maxShare: number): number {
  const byWeight = [...sites].sort((a, b) => b.weight - a.weight || (a.site < b.site ? -1 : 1));
  const rank = new Map(byWeight.map((each, place) => [each, place]));
  for (let cut = 0; cut < byWeight.length; cut++) {
    const uncut = sites.filter((each) => (rank.get(each) as number) >= cut);
    const rest = uncut.reduce((sum, { weight }) => sum + weight, 0);
    // Each of those cut has a share of `maxShare`; the rest share what is left.
    const level = cut === 0 ? Number.POSITIVE_INFINITY : (maxShare * rest) / (1 - cut * maxShare);
    const largest = byWeight[cut]?.weight as number;
    const total = rest + (cut === 0 ? 0 : cut * level);
    if (largest <= maxShare * total) return level;
  }
  assert(false, 'more sites than 1 / maxShare can keep to it');
}
