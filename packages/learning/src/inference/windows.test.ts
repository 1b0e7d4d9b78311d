import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { gaussianWeights, windowStarts } from './windows.js';

const golden: {
  readonly weights: readonly {
    readonly size: [number, number, number];
    readonly values: readonly number[];
  }[];
} = JSON.parse(readFileSync(new URL('golden/windows.json', import.meta.url), 'utf8'));

describe('windows along an axis', () => {
  it("start where MONAI's do", () => {
    expect(windowStarts(200, 96, 0.25)).toEqual([0, 72, 104]);
    expect(windowStarts(200, 96, 0.5)).toEqual([0, 48, 96, 104]);
    expect(windowStarts(96, 96, 0.25)).toEqual([0]);
    expect(windowStarts(97, 96, 0.25)).toEqual([0, 1]);
  });

  it('cover every voxel, ascend, and stay inside', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 40 }),
        fc.integer({ min: 0, max: 100 }),
        fc.double({ min: 0, max: 0.95, noNaN: true }),
        (roi, more, overlap) => {
          const size = roi + more;
          const starts = windowStarts(size, roi, overlap);
          expect(starts[0]).toBe(0);
          expect(starts.at(-1)).toBe(size - roi);
          for (let window = 1; window < starts.length; window++) {
            const step = starts[window]! - starts[window - 1]!;
            expect(step).toBeGreaterThan(0);
            expect(step).toBeLessThanOrEqual(roi);
          }
        },
      ),
    );
  });
});

describe('the weights of a window', () => {
  it.each(golden.weights)('of $size are what SciPy makes of MONAI’s rule', ({ size, values }) => {
    const weights = gaussianWeights(size);
    expect(weights).toHaveLength(values.length);
    weights.forEach((weight, voxel) => {
      expect(Math.abs(weight - values[voxel]!)).toBeLessThan(1e-7);
    });
  });

  it('fall off from the centre as a Gaussian of an eighth of its width, down to a thousandth', () => {
    const weights = gaussianWeights([17, 1, 1]);
    const sigma = 17 / 8;
    expect(weights[8]).toBe(1);
    expect(weights[10]).toBeCloseTo(Math.exp(-4 / (2 * sigma ** 2)), 6);
    // exp(−64/2σ²) would be 8.3e-4.
    expect(weights[0]).toBeCloseTo(1e-3, 9);
    expect(weights[16]).toBe(weights[0]);
  });

  it('are the product over the axes, x fastest', () => {
    const [x, y, z] = [
      gaussianWeights([5, 1, 1]),
      gaussianWeights([1, 4, 1]),
      gaussianWeights([1, 1, 3]),
    ];
    const all = gaussianWeights([5, 4, 3]);
    const index = 3 + 5 * (2 + 4 * 1);
    expect(all[index]).toBeCloseTo((x[3] as number) * (y[2] as number) * (z[1] as number), 6);
  });
});
