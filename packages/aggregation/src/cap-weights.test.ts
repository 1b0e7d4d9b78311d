import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { capWeights, type SiteWeight } from './index.js';

const weigh = (weights: Readonly<Record<string, number>>, maxShare: number | null) =>
  Object.fromEntries(
    capWeights(
      Object.entries(weights).map(([site, weight]) => ({ site, weight })),
      maxShare,
    ),
  );

describe('weights with a largest share', () => {
  it.each([
    ['leave everything as it is where nobody exceeds it', { a: 3, b: 4, c: 5 }, 0.5, {}],
    ['cut the one that would be the whole average', { a: 1, b: 1e9, c: 3 }, 0.5, { b: 4 }],
    ['cut several to one level', { a: 1, b: 50, c: 90, d: 1 }, 0.4, { b: 4, c: 4 }],
    ['are equal for two sites at a half', { a: 1, b: 17 }, 0.5, { b: 1 }],
  ])('%s', (_, weights, maxShare, cut) => {
    const capped = weigh(weights, maxShare);
    for (const [site, weight] of Object.entries({ ...weights, ...cut })) {
      expect(capped[site]).toBeCloseTo(weight, 9);
    }
  });

  it('are equal where there are too few sites to keep to it', () => {
    expect(weigh({ a: 7 }, 0.5)).toEqual({ a: 1 });
    expect(weigh({ a: 1, b: 17 }, 0.25)).toEqual({ a: 1, b: 1 });
  });

  it('are plain where there is none', () => {
    expect(weigh({ a: 1, b: 1e9 }, null)).toEqual({ a: 1, b: 1e9 });
  });

  const anyWeights = fc.array(
    fc.oneof(
      fc.double({ min: 1e-6, max: 1e9, noNaN: true }),
      fc.integer({ min: 1, max: 1_000_000 }),
    ),
    { minLength: 1, maxLength: 12 },
  );
  const anyShare = fc.double({ min: 0.01, max: 1, noNaN: true });
  const sitesOf = (weights: readonly number[]): SiteWeight[] =>
    weights.map((weight, n) => ({ site: `site-${n}`, weight }));

  it('sum to one whole, exceed it nowhere, and keep the ratios of those below it', () => {
    const property = fc.property(anyWeights, anyShare, (weights, maxShare) => {
      const sites = sitesOf(weights);
      const capped = capWeights(sites, maxShare);
      const total = [...capped.values()].reduce((sum, weight) => sum + weight, 0);
      const shares = new Map([...capped].map(([site, weight]) => [site, weight / total]));
      const sum = [...shares.values()].reduce((partial, share) => partial + share, 0);
      expect(sum).toBeCloseTo(1, 9);
      if (sites.length * maxShare <= 1) {
        for (const share of shares.values()) expect(share).toBeCloseTo(1 / sites.length, 9);
        return;
      }
      for (const { site, weight } of sites) {
        expect(shares.get(site)).toBeLessThanOrEqual(maxShare * (1 + 1e-6));
        const isBelow = (shares.get(site) as number) < maxShare * (1 - 1e-6);
        if (isBelow) expect(capped.get(site)).toBe(weight);
        expect(capped.get(site)).toBeLessThanOrEqual(weight);
      }
    });
    fc.assert(property, { numRuns: 2_000 });
  });

  it('are the same bits in any order of arrival', () => {
    const property = fc.property(
      anyWeights.chain((weights) =>
        fc.tuple(
          fc.constant(sitesOf(weights)),
          fc.shuffledSubarray(sitesOf(weights), {
            minLength: weights.length,
            maxLength: weights.length,
          }),
        ),
      ),
      anyShare,
      ([sites, shuffled], maxShare) => {
        expect([...capWeights(shuffled, maxShare)]).toEqual([...capWeights(sites, maxShare)]);
      },
    );
    fc.assert(property, { numRuns: 500 });
  });

  it('rank sites as they did', () => {
    const property = fc.property(anyWeights, anyShare, (weights, maxShare) => {
      const capped = capWeights(sitesOf(weights), maxShare);
      for (const a of sitesOf(weights)) {
        for (const b of sitesOf(weights)) {
          if (a.weight > b.weight) {
            expect(capped.get(a.site)).toBeGreaterThanOrEqual(capped.get(b.site) as number);
          }
        }
      }
    });
    fc.assert(property, { numRuns: 300 });
  });
});
