import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { axisTicks } from './axis-ticks.js';

describe('ticks', () => {
  it('are round numbers within the axis', () => {
    expect(axisTicks([0, 1], 5)).toEqual([0, 0.2, 0.4, 0.6, 0.8, 1]);
    expect(axisTicks([0.83, 0.91], 4)).toEqual([0.84, 0.86, 0.88, 0.9]);
    expect(axisTicks([0, 1000], 8)).toEqual([0, 200, 400, 600, 800, 1000]);
    expect(axisTicks([-3, 3], 3)).toEqual([-2, 0, 2]);
  });

  it('are whole where only whole numbers mean anything', () => {
    expect(axisTicks([0, 3], 10, 1)).toEqual([0, 1, 2, 3]);
    expect(axisTicks([0.5, 1.5], 10, 1)).toEqual([1]);
  });

  it('are few and ascending on any axis', () => {
    const finite = fc.double({ noNaN: true, noDefaultInfinity: true });
    fc.assert(
      fc.property(finite, finite, fc.integer({ min: 1, max: 12 }), (a, b, count) => {
        const [min, max] = [Math.min(a, b), Math.max(a, b)];
        fc.pre(max / 2 - min / 2 > Math.max(Math.abs(min), Math.abs(max), 1) * 1e-9);
        const ticks = axisTicks([min, max], count);
        expect(ticks.length).toBeLessThanOrEqual(count + 1);
        for (const [index, tick] of ticks.entries()) {
          expect(tick).toBeGreaterThanOrEqual(min);
          expect(tick).toBeLessThanOrEqual(max);
          if (index > 0) expect(tick).toBeGreaterThan(ticks[index - 1] as number);
        }
      }),
    );
  });
});
