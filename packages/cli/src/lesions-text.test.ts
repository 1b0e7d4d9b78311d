import { describe, expect, it } from 'vitest';
import { lesionLines } from './lesions-text.js';

describe('the lesions of an evaluation', () => {
  it('are told class by class, with what their finding costs', () => {
    const froc = [1 / 8, 1 / 2, 2].map((falsePositives) => ({ falsePositives, sensitivity: 0.5 }));
    const lesions = {
      rule: { neighbours: 26, overlap: 0.1 } as const,
      perClass: [
        {
          ...{ name: 'lesion', lesions: 4, found: 3, sensitivity: 0.75, falsePositives: 1.5 },
          ...{ froc, frocMean: 0.5 },
        },
        {
          ...{ name: 'cyst', lesions: 0, found: 0, sensitivity: null, falsePositives: 0 },
          ...{ froc: [{ falsePositives: 1, sensitivity: null }], frocMean: null },
        },
      ],
    };
    expect(lesionLines(lesions)).toEqual([
      'Lesions, by 26 neighbours, found from an intersection over union of 0.1 on:',
      '  lesion: 3 of 4 found (0.750); 1.50 false positives per case',
      '    FROC: 0.500 at 1/8, 0.500 at 1/2, 0.500 at 2; mean 0.500',
      '  cyst: 0 of 0 found (-); 0.00 false positives per case',
      '    FROC: - at 1; mean -',
    ]);
  });
});
