import { describe, expect, it } from 'vitest';
import { evaluationText } from './evaluation-text.js';

const found = {
  name: 'organ',
  dice: 0.9,
  hd95Mm: 2.04,
  surfaceDice: 0.8,
  volumeError: 0.125,
  cases: 4,
  emptyCases: 0,
  falsePositiveVoxels: 0,
};

describe('an evaluation for people', () => {
  it('has, beside each figure, what it passes over', () => {
    const text = evaluationText(
      {
        dice: 0.75,
        auc: null,
        surfaceToleranceMm: 1,
        validationCases: 4,
        perClass: [
          found,
          {
            ...found,
            name: 'lesion',
            dice: 0.6,
            cases: 3,
            emptyCases: 1,
            falsePositiveVoxels: 17,
            missed: { cases: 1, hd95PenalisedMm: 80.26 },
          },
          { ...found, name: 'stent', dice: null, hd95Mm: null, cases: 0, emptyCases: 4 },
        ],
      },
      'case(s)',
    );
    expect(text).toBe(`Dice 0.750, AUC - in 4 case(s)
  organ: Dice 0.900; surface Dice 0.800 at 1 mm; volume off by 12.5 %; HD95 2.0 mm in 4 case(s)
  lesion: Dice 0.600; surface Dice 0.800 at 1 mm; volume off by 12.5 %; HD95 2.0 mm in 3 case(s); missed in 1 of them, HD95 with those 80.3 mm; false positives in 1 without it: 17 voxels
  stent: in none of the cases; false positives: 0 voxels`);
  });

  it('says how the classes of cases are told', () => {
    const evaluation = {
      ...{ dice: null, auc: 0.9, surfaceToleranceMm: 1, validationCases: 4, perClass: [] },
      caseClasses: {
        ...{ specificity: 0.9, accuracy: 0.75 },
        perClass: [
          { name: 'none', cases: 3, auc: 0.9, sensitivity: 0.5 },
          { name: 'cyst', cases: 0, auc: null, sensitivity: null },
        ],
      },
      intervals: { dice: null, perClass: [], auc: { low: 0.7, high: 0.95 } },
    };
    expect(evaluationText(evaluation, 'case(s)')).toBe(`Dice -, AUC 0.900 in 4 case(s)
  AUC 95 % 0.700 to 0.950
  none: AUC 0.900; sensitivity 0.500 at a specificity of 0.9; 3 case(s)
  cyst: AUC -; sensitivity - at a specificity of 0.9; 0 case(s)
  right: 75.0 %`);
  });

  it('says how each site’s cases were told', () => {
    const lesion = { name: 'lesion', cases: 2, auc: 1, sensitivity: 1 };
    const caseClasses = { specificity: 0.9, perClass: [lesion], accuracy: 0.5 };
    const site = { dice: null, perClass: [], validationCases: 4 };
    const evaluation = {
      ...{ ...site, auc: 0.8, surfaceToleranceMm: 1, caseClasses },
      perSite: [
        { ...site, site: 'north', told: { auc: 0.75, caseClasses } },
        { ...site, site: 'south', told: { auc: null, caseClasses } },
      ],
    };
    const lines = evaluationText(evaluation, 'case(s)').split('\n');
    expect(lines.slice(3)).toEqual([
      '  north: AUC 0.750 in 4 case(s)',
      '    lesion: AUC 1.000; sensitivity 1.000 at a specificity of 0.9; 2 case(s)',
      '    right: 50.0 %',
      '  south: AUC - in 4 case(s)',
      '    lesion: AUC 1.000; sensitivity 1.000 at a specificity of 0.9; 2 case(s)',
      '    right: 50.0 %',
    ]);
  });

  it('says how well the mean of a class is known, where it can be told', () => {
    const evaluation = {
      dice: 0.9,
      auc: 0.8,
      surfaceToleranceMm: 1,
      validationCases: 4,
      perClass: [found, found],
    };
    const intervals = { dice: null, perClass: [{ low: 0.8512, high: 0.93 }, null] };
    expect(
      evaluationText({ ...evaluation, intervals }, 'case(s)')
        .split('\n')
        .slice(1),
    ).toEqual([
      '  organ: Dice 0.900 (95 % 0.851 to 0.930); surface Dice 0.800 at 1 mm; volume off by 12.5 %; HD95 2.0 mm in 4 case(s)',
      '  organ: Dice 0.900; surface Dice 0.800 at 1 mm; volume off by 12.5 %; HD95 2.0 mm in 4 case(s)',
    ]);
  });

  it('tells of each site where a class occurs at some of them only', () => {
    const without = { ...found, dice: null, hd95Mm: null, cases: 0, emptyCases: 2 };
    const north = { site: 'north', dice: 0.9, perClass: [found], validationCases: 4 };
    const absent = [{ ...without, falsePositiveVoxels: 5 }];
    const south = { site: 'south', dice: null, perClass: absent, validationCases: 2 };
    const both = { ...found, emptyCases: 2, falsePositiveVoxels: 5 };
    const all = {
      dice: 0.9,
      auc: null,
      surfaceToleranceMm: 1,
      perClass: [both],
      validationCases: 6,
    };
    const text = evaluationText({ ...all, perSite: [north, south] }, 'case(s)');
    const together = `Dice 0.900, AUC - in 6 case(s)
  organ: Dice 0.900; surface Dice 0.800 at 1 mm; volume off by 12.5 %; HD95 2.0 mm in 4 case(s); false positives in 2 without it: 5 voxels`;
    expect(text).toBe(`${together}
  north: Dice 0.900 in 4 case(s)
    organ: Dice 0.900; surface Dice 0.800 at 1 mm; volume off by 12.5 %; HD95 2.0 mm in 4 case(s)
  south: Dice - in 2 case(s)
    organ: in none of the cases; false positives: 5 voxels`);
    const alike = { ...north, site: 'south' };
    expect(evaluationText({ ...all, perSite: [north, alike] }, 'case(s)')).toBe(together);
  });
});
