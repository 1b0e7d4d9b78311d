import type { Weights } from '@fedvox/weights';
import { describe, expect, it } from 'vitest';
import { deltaOf } from './model-file.js';

const weights = (...values: number[]): Weights =>
  new Map([['w', { shape: [values.length], data: Float32Array.from(values) }]]);

describe('a delta', () => {
  it('is what must be added to the base to get the local weights', () => {
    expect(deltaOf(weights(1, 2.5), weights(0.5, 3))).toEqual(weights(0.5, -0.5));
  });

  it.each([Number.NaN, Number.POSITIVE_INFINITY])('is never sent with %d in it', (value) => {
    expect(() => deltaOf(weights(1, value), weights(0, 0))).toThrow(
      expect.objectContaining({ code: 'learning/weights-not-finite', details: { tensor: 'w' } }),
    );
  });
});
