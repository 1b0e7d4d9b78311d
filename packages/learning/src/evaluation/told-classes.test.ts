import { describe, expect, it } from 'vitest';
import { detailedEvaluationOf } from './case-evaluation.js';
import type { Measured } from './evaluate-cases.js';
import { aucOfCases, type ClassifiedCase, caseClassesOf, mostProbable } from './told-classes.js';

const NAMES = ['none', 'benign', 'malignant'];
const cases: readonly ClassifiedCase[] = [
  { caseClass: 0, probabilities: [0.8, 0.1, 0.1] },
  { caseClass: 0, probabilities: [0.3, 0.6, 0.1] },
  { caseClass: 1, probabilities: [0.2, 0.5, 0.3] },
  { caseClass: 1, probabilities: [0.6, 0.1, 0.3] },
  { caseClass: 2, probabilities: [0.1, 0.2, 0.7] },
];

describe('how the classes of cases are told', () => {
  it('is the AUC of a case being of any of some classes, by their probabilities together', () => {
    // Scores of 1 and 2 together: 0.2, 0.7 against 0.8, 0.4, 0.9: five pairs of six are in order.
    expect(aucOfCases(cases, new Set([1, 2]))).toBeCloseTo(5 / 6, 12);
    expect(aucOfCases(cases, new Set([2]))).toBe(1);
    expect(aucOfCases(cases.slice(0, 2), new Set([2]))).toBeNaN();
  });

  it('is of each class against the others, with its sensitivity, and of all how many are right', () => {
    const { perClass, accuracy, specificity } = caseClassesOf(cases, NAMES, 0.5);
    expect({ accuracy, specificity }).toEqual({ accuracy: 3 / 5, specificity: 0.5 });
    expect(perClass).toEqual([
      // 0.8, 0.3 against 0.2, 0.6, 0.1; of those three one may be found.
      { name: 'none', cases: 2, auc: expect.closeTo(5 / 6, 12), sensitivity: 1 },
      // 0.5, 0.1 against 0.1, 0.6, 0.2.
      { name: 'benign', cases: 2, auc: expect.closeTo(2.5 / 6, 12), sensitivity: 0.5 },
      { name: 'malignant', cases: 1, auc: 1, sensitivity: 1 },
    ]);
  });

  it('has no AUC of a class that no case is of', () => {
    const [, , malignant] = caseClassesOf(cases.slice(0, 4), NAMES, 0.9).perClass;
    expect(malignant).toEqual({ name: 'malignant', cases: 0, auc: null, sensitivity: null });
  });

  it('takes the first of classes that are as probable', () => {
    expect(mostProbable([0.2, 0.4, 0.4])).toBe(1);
  });
});

describe('an evaluation of cases’ classes in detail', () => {
  const scored = Array.from({ length: 20 }, (_, index) => {
    const caseClass = index % 2;
    const of = index === 4 ? 0.95 : (index + 10 * caseClass) / 40;
    return { caseClass, probabilities: [1 - of, of] };
  });
  const measured: Measured = {
    ...{ auc: 0.8, surfaceToleranceMm: 1 },
    cases: scored.map((classified, index) => ({
      ...{ about: { caseId: `case-${index}`, patientKey: `${index}` }, byClass: [], classified },
    })),
    ofCases: { names: ['none', 'lesion'], wanted: new Set([1]), specificity: 0.9 },
  };
  const evaluation = detailedEvaluationOf(measured, { classes: ['none', 'lesion'] });

  it('has an interval that holds the AUC, and no Dice', () => {
    expect(evaluation).toMatchObject({ dice: null, perClass: [], auc: 0.8, validationCases: 20 });
    const { auc, dice } = evaluation.intervals;
    expect(dice).toBeNull();
    const whole = aucOfCases(scored, new Set([1]));
    expect(auc!.low).toBeLessThan(whole);
    expect(auc!.high).toBeGreaterThan(whole);
  });

  it('has the same of each site, where there are several', () => {
    const ofSites = {
      ...measured,
      cases: measured.cases.map((one, index) => ({
        ...one,
        about: { ...one.about, site: index < 6 ? 'south' : 'north' },
      })),
    };
    const { perSite = [], ...whole } = detailedEvaluationOf(ofSites, {
      classes: ['none', 'lesion'],
    });
    expect(whole.caseClasses).toEqual(evaluation.caseClasses);
    expect(perSite.map(({ site, validationCases }) => [site, validationCases])).toEqual([
      ['south', 6],
      ['north', 14],
    ]);
    const ofSouth = scored.slice(0, 6);
    expect(perSite[0]?.told).toEqual({
      auc: aucOfCases(ofSouth, new Set([1])),
      caseClasses: caseClassesOf(ofSouth, ['none', 'lesion'], 0.9),
    });
    expect(evaluation).not.toHaveProperty('perSite');
  });

  it('says of each case its class, the most probable one, and how probable each is', () => {
    expect(evaluation.perCase[4]).toEqual({
      ...{ caseId: 'case-4', dice: null, perClass: [] },
      classified: {
        ...{ reference: 'none', predicted: 'lesion' },
        probabilities: { none: expect.closeTo(0.05, 12), lesion: 0.95 },
      },
    });
  });
});
