import { seededRandom } from '@fedvox/base';
import { describe, expect, it } from 'vitest';
import { diceOf, differenceOf, estimateOf, meanOf, permutationTest } from './estimates.js';
import type { CaseDice } from './measured-run.js';

const casesOf = (...dices: readonly number[]): CaseDice[] =>
  dices.map((dice, index) => ({ site: 'east', caseId: `case-${index}`, byClass: [dice] }));

describe('a Dice over cases', () => {
  it('is the mean over classes of the mean over the cases that have it', () => {
    const cases = [
      { site: 'east', caseId: 'a', byClass: [0.8, null] },
      { site: 'east', caseId: 'b', byClass: [0.6, 0.2] },
    ];
    expect(diceOf(cases)).toBeCloseTo((0.7 + 0.2) / 2, 12);
    expect(diceOf(cases, 0)).toBeCloseTo(0.7, 12);
    expect(diceOf([])).toBeNaN();
  });
});

describe('an estimate', () => {
  it('has the interval of the normal distribution where cases are many and of it', () => {
    const random = seededRandom('normal');
    const seeds = [Array.from({ length: 400 }, () => random.normal())];
    const estimate = estimateOf(seeds, meanOf);
    const half = ((estimate?.high ?? 0) - (estimate?.low ?? 0)) / 2;
    expect(half).toBeGreaterThan((1.96 / 20) * 0.85);
    expect(half).toBeLessThan((1.96 / 20) * 1.15);
    expect(estimate?.mean).toBeCloseTo(meanOf(seeds[0] as number[]), 12);
  });

  it('is as wide as its seeds are apart, though their cases agree', () => {
    const estimate = estimateOf([casesOf(0.4, 0.4, 0.4), casesOf(0.6, 0.6, 0.6)], (some) =>
      diceOf(some),
    );
    expect(estimate).toEqual({
      mean: 0.5,
      low: expect.closeTo(0.4, 12),
      high: expect.closeTo(0.6, 12),
    });
  });

  it('says nothing where there is nothing, and no interval of one case', () => {
    expect(estimateOf([[]], meanOf)).toBeNull();
    expect(estimateOf([[0.3]], meanOf)).toEqual({ mean: 0.3, low: null, high: null });
  });
});

describe('a difference', () => {
  it('is taken between the same cases of the same seeds', () => {
    const ours = [casesOf(0.5, 0.7, 0.9), casesOf(0.6)];
    const theirs = [casesOf(0.4, 0.6), casesOf(0.5, 0.1)];
    const difference = differenceOf(ours, theirs);
    expect(difference?.mean).toBeCloseTo(0.1, 12);
    expect(difference?.low).toBeCloseTo(0.1, 12);
    // Two cases differ: of four signs, two are as far from 0.
    expect(difference?.p).toBe(0.5);
  });
});

describe('the permutation test', () => {
  it('goes through all signs of a few differences', () => {
    // ±1 ±2 ±3 is 6 away from 0 in two of eight ways; ±1 ±1 ±1 is 1 away in all.
    expect(permutationTest([1, 2, 3])).toBe(0.25);
    expect(permutationTest([1, 1, -1])).toBe(1);
    expect(permutationTest([0.3])).toBeNull();
  });

  it('draws signs of many, and never says that chance is impossible', () => {
    const all = Array.from({ length: 40 }, () => 0.01);
    expect(permutationTest(all)).toBe(1 / 10_001);
    const mixed = all.map((value, index) => (index % 2 === 0 ? value : -value));
    expect(permutationTest(mixed)).toBe(1);
  });
});
