import { seededRandom, shuffled } from '@fedvox/base';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { splitCases } from './split.js';

const upTo = (fraction: number) => ({ from: 0, to: fraction });

const casesOf = (count: number) =>
  Array.from({ length: count }, (_, index) => ({ caseId: `case-${index}` }));

describe('the split into training and validation', () => {
  it('covers every case exactly once and leaves neither part empty', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 2, max: 60 }),
        fc.double({ min: 0.001, max: 0.999, noNaN: true }),
        fc.nat(),
        (count, fraction, seed) => {
          const { train, validation } = splitCases(casesOf(count), seed, upTo(fraction));
          const ids = [...train, ...validation].map(({ caseId }) => caseId);
          expect(new Set(ids).size).toBe(count);
          expect(ids.length).toBe(count);
          expect(train.length).toBeGreaterThan(0);
          expect(validation.length).toBeGreaterThan(0);
        },
      ),
    );
  });

  it('keeps a fifth of 208 cases for validation', () => {
    const { train, validation } = splitCases(casesOf(208), 1, upTo(0.2));
    expect([train.length, validation.length]).toEqual([166, 42]);
  });

  it('is the same in whatever order the cases were found', () => {
    const cases = casesOf(20);
    const split = splitCases(cases, 7, upTo(0.25));
    for (let trial = 0; trial < 5; trial++) {
      const order = shuffled(cases, seededRandom(trial));
      expect(splitCases(order, 7, upTo(0.25))).toEqual(split);
    }
  });

  it('is another one under another seed', () => {
    const ids = (seed: number) =>
      splitCases(casesOf(50), seed, upTo(0.5)).validation.map(({ caseId }) => caseId);
    expect(ids(1)).not.toEqual(ids(2));
  });

  it('moves at most one old case over when a case arrives', () => {
    const before = splitCases(casesOf(40), 3, upTo(0.25));
    const after = splitCases(casesOf(41), 3, upTo(0.25));
    const known = new Set(before.validation.map(({ caseId }) => caseId));
    const left = [...known].filter((id) => !after.validation.some(({ caseId }) => caseId === id));
    expect(left.length).toBeLessThanOrEqual(1);
  });

  it('has every case validate in exactly one of k folds', () => {
    fc.assert(
      fc.property(fc.integer({ min: 2, max: 10 }), fc.nat(50), fc.nat(), (of, more, seed) => {
        const cases = casesOf(of + more);
        const folds = Array.from({ length: of }, (_, fold) =>
          splitCases(cases, seed, { from: fold / of, to: (fold + 1) / of }),
        );
        const validated = folds.flatMap(({ validation }) => validation.map(({ caseId }) => caseId));
        expect(validated.sort()).toEqual(cases.map(({ caseId }) => caseId).sort());
        for (const { train, validation } of folds) {
          expect(train.length + validation.length).toBe(cases.length);
        }
      }),
    );
  });

  it('refuses a single case: it cannot be trained on and validated on', () => {
    expect(() => splitCases(casesOf(1), 1, upTo(0.2))).toThrow(
      expect.objectContaining({ code: 'learning/too-few-cases' }),
    );
  });
});
