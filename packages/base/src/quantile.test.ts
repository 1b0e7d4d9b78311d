import { describe, expect, it } from 'vitest';
import { quantileOf } from './quantile.js';

describe('a quantile', () => {
  it('is a value where its rank is whole, and between two where it is not', () => {
    const sorted = [1, 2, 4, 8];
    expect([0, 1 / 3, 0.5, 1].map((part) => quantileOf(sorted, part))).toEqual([1, 2, 3, 8]);
    // numpy.quantile([1, 2, 4, 8], 0.95)
    expect(quantileOf(sorted, 0.95)).toBeCloseTo(7.4, 12);
  });

  it('of a single value is that value', () => {
    expect(quantileOf(Float32Array.of(3), 0.95)).toBe(3);
  });
});
