import { describe, expect, it } from 'vitest';
import { detailedEvaluationOf } from './case-evaluation.js';
import type { MeasuredCase } from './evaluate-cases.js';

/** A case in which a class has so many voxels of 2 µl, and so many predicted, all of the fewer in both. */
function measured(
  caseId: string,
  classes: readonly (readonly [reference: number, predicted: number])[],
  about: Partial<MeasuredCase['about']> = {},
): MeasuredCase {
  const byClass = classes.map(([reference, predicted]) => ({
    overlap: { intersection: Math.min(reference, predicted), predicted, reference },
    hd95Mm: reference * predicted === 0 ? Number.NaN : Math.abs(reference - predicted),
    surfaceDice: reference === 0 ? Number.NaN : 0.5,
    ...{ diagonalMm: 100, voxelMl: 0.002 },
  }));
  return { about: { caseId, ...about }, byClass };
}

const JOB = { classes: ['background', 'organ', 'lesion'] };
const ONE_CLASS = { classes: ['background', 'organ'] };

describe('an evaluation in detail', () => {
  it('tells of each case its Dice, distance and volumes by class', () => {
    const cases = [
      measured(
        'a',
        [
          [100, 50],
          [0, 10],
        ],
        { site: 'north' },
      ),
    ];
    const { perCase } = detailedEvaluationOf({ cases, auc: null, surfaceToleranceMm: 1 }, JOB);
    expect(perCase).toEqual([
      {
        caseId: 'a',
        site: 'north',
        dice: 2 / 3,
        perClass: [
          {
            ...{ name: 'organ', dice: 2 / 3, hd95Mm: 50, surfaceDice: 0.5 },
            ...{ referenceMl: 0.2, predictedMl: 0.1, volumeError: -0.5 },
          },
          {
            ...{ name: 'lesion', dice: null, hd95Mm: null, surfaceDice: null },
            ...{ referenceMl: 0, predictedMl: 0.02, volumeError: null },
          },
        ],
      },
    ]);
  });

  it('gives intervals that hold the means, by class and over classes', () => {
    const cases = [40, 60, 70, 80, 90, 100].map((predicted, index) =>
      measured(`case-${index}`, [
        [100, predicted],
        [10, predicted / 10],
      ]),
    );
    const { dice, perClass, intervals } = detailedEvaluationOf(
      { cases, auc: 0.5, surfaceToleranceMm: 1 },
      JOB,
    );
    for (const [mean, interval] of [
      [dice, intervals.dice],
      [perClass[0]?.dice, intervals.perClass[0]],
      [perClass[1]?.dice, intervals.perClass[1]],
    ] as const) {
      expect(interval!.low).toBeLessThan(mean!);
      expect(interval!.high).toBeGreaterThan(mean!);
    }
  });

  it('draws patients, not their series', () => {
    const of = (patientKey: string, predicted: number) =>
      measured(`${patientKey}-${predicted}`, [[100, predicted]], { patientKey });
    const cases = [of('p', 50), of('p', 52), of('p', 54), of('q', 90), of('q', 92), of('q', 94)];
    const together = detailedEvaluationOf({ cases, auc: null, surfaceToleranceMm: 1 }, ONE_CLASS)
      .intervals.dice!;
    const strangers = cases.map(({ byClass, about: { caseId } }) => ({
      byClass,
      about: { caseId },
    }));
    const apart = detailedEvaluationOf(
      { cases: strangers as MeasuredCase[], auc: null, surfaceToleranceMm: 1 },
      ONE_CLASS,
    ).intervals.dice!;
    expect(together.high - together.low).toBeGreaterThan(apart.high - apart.low);
  });

  it('has no interval for the cases of one patient', () => {
    const cases = [50, 60].map((predicted) =>
      measured(`case-${predicted}`, [[100, predicted]], { patientKey: 'p' }),
    );
    const { intervals } = detailedEvaluationOf(
      { cases, auc: null, surfaceToleranceMm: 1 },
      ONE_CLASS,
    );
    expect(intervals).toEqual({ dice: null, perClass: [null] });
  });
});
