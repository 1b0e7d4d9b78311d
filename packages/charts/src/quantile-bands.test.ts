import { describe, expect, it } from 'vitest';
import { spreadOf } from './quantile-bands.js';

describe('the spread of many values', () => {
  it('has the quartiles that NumPy gives', () => {
    // numpy.percentile([7, 1, 4, 2], [0, 25, 50, 75, 100]) of NumPy 1.24
    expect(spreadOf([7, 1, 4, 2])).toEqual({
      min: 1,
      lowerQuartile: 1.75,
      median: 3,
      upperQuartile: 4.75,
      max: 7,
    });
  });

  it('is the value where there is one, and none where there is none', () => {
    expect(new Set(Object.values(spreadOf([0.5]) ?? {}))).toEqual(new Set([0.5]));
    expect(spreadOf([])).toBeNull();
  });
});
