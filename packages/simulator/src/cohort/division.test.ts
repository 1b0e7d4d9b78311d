import { seededRandom } from '@fedvox/base';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { SplitSpec } from '../scenario/cohort-schema.js';
import { type DividedCase, divideCohort } from './division.js';

const SITES = ['east', 'north', 'south'];
const casesOf = (count: number, patientOf = (k: number) => `patient-${k}`): DividedCase[] =>
  Array.from({ length: count }, (_, k) => ({
    caseId: `case-${k}`,
    patient: patientOf(k),
    load: k,
  }));

function divided(cases: readonly DividedCase[], split: SplitSpec, seed = 1, minCases = 1) {
  return divideCohort(cases, SITES, { split, minCases }, seededRandom(seed));
}

const sizesOf = (siteOf: ReadonlyMap<string, string>) =>
  SITES.map((site) => [...siteOf.values()].filter((each) => each === site).length);

describe('a cohort', () => {
  it('is given out whole, every patient to one site, the same from the same seed', () => {
    const splits: SplitSpec[] = [
      { kind: 'iid' },
      { kind: 'sizes', parts: [5, 2, 1] },
      { kind: 'dirichlet', alpha: 0.5 },
    ];
    fc.assert(
      fc.property(
        fc.constantFrom(...splits),
        fc.nat(),
        fc.integer({ min: 24, max: 80 }),
        (split, seed, count) => {
          const cases = casesOf(count, (k) => `patient-${Math.floor(k / 2)}`);
          const siteOf = divided(cases, split, seed);
          expect([...siteOf.keys()].sort()).toEqual(cases.map(({ caseId }) => caseId).sort());
          const pairs = new Set(
            cases.map(({ caseId, patient }) => `${patient} ${siteOf.get(caseId)}`),
          );
          expect(pairs.size).toBe(Math.ceil(count / 2));
          expect(divided(cases.toReversed(), split, seed)).toEqual(siteOf);
        },
      ),
      { numRuns: 60 },
    );
  });

  it('is given out evenly, or in the proportions that are asked for', () => {
    expect(sizesOf(divided(casesOf(60), { kind: 'iid' }))).toEqual([20, 20, 20]);
    expect(sizesOf(divided(casesOf(80), { kind: 'sizes', parts: [5, 2, 1] }))).toEqual([
      50, 20, 10,
    ]);
    const [one, other] = [1, 2].map((seed) => divided(casesOf(60), { kind: 'iid' }, seed));
    expect(one).not.toEqual(other);
  });

  it('makes sites differ in their load the more, the smaller alpha is', () => {
    const cases = casesOf(300);
    const loads = new Map(cases.map(({ caseId, load }) => [caseId, load]));
    const spreadOf = (alpha: number) => {
      const spreads = Array.from({ length: 20 }, (_, seed) => {
        const siteOf = divided(cases, { kind: 'dirichlet', alpha }, seed, 4);
        const means = SITES.map((site) => {
          const own = [...siteOf].filter(([, each]) => each === site);
          return own.reduce((sum, [id]) => sum + (loads.get(id) ?? 0), 0) / own.length;
        });
        return Math.max(...means) - Math.min(...means);
      });
      return spreads.reduce((sum, each) => sum + each, 0) / spreads.length;
    };
    const [skewed, mild, even] = [0.2, 2, 200].map(spreadOf) as [number, number, number];
    expect(skewed).toBeGreaterThan(1.5 * mild);
    expect(mild).toBeGreaterThan(1.5 * even);
  });

  it('leaves no site with fewer than asked for, or says that it cannot be', () => {
    for (let seed = 0; seed < 20; seed++) {
      const sizes = sizesOf(divided(casesOf(60), { kind: 'dirichlet', alpha: 0.3 }, seed, 8));
      expect(Math.min(...sizes)).toBeGreaterThanOrEqual(8);
    }
    expect(() => divided(casesOf(9), { kind: 'iid' }, 1, 4)).toThrow(
      expect.objectContaining({ code: 'simulator/cohort-too-small' }),
    );
  });
});
