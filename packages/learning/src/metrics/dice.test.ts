import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { dice, meanDefined, overlaps } from './dice.js';

describe('Dice', () => {
  it('is twice the overlap over both volumes, class by class', () => {
    const reference = Uint8Array.of(0, 0, 1, 1, 1, 2, 2, 2);
    const prediction = Uint8Array.of(0, 1, 1, 1, 0, 2, 2, 1);
    const [background, one, two] = overlaps(prediction, reference, 3).map(dice);
    expect(background).toBeCloseTo((2 * 1) / (2 + 2), 12);
    expect(one).toBeCloseTo((2 * 2) / (4 + 3), 12);
    expect(two).toBeCloseTo((2 * 2) / (2 + 3), 12);
  });

  it('is undefined for an empty reference, whatever was predicted', () => {
    const reference = Uint8Array.of(0, 0, 0);
    expect(dice(overlaps(Uint8Array.of(0, 0, 0), reference, 2)[1]!)).toBeNaN();
    const falsePositives = overlaps(Uint8Array.of(0, 1, 1), reference, 2)[1]!;
    expect(dice(falsePositives)).toBeNaN();
    expect(falsePositives.predicted).toBe(2);
  });

  it('is 0 where everything was missed and 1 where nothing was', () => {
    const reference = Uint8Array.of(0, 1);
    expect(dice(overlaps(Uint8Array.of(0, 0), reference, 2)[1]!)).toBe(0);
    expect(dice(overlaps(reference, reference, 2)[1]!)).toBe(1);
  });

  it('counts as a plain count over voxels does', () => {
    const voxels = fc.array(fc.tuple(fc.nat(3), fc.nat(3)), { minLength: 1, maxLength: 50 });
    fc.assert(
      fc.property(voxels, (pairs) => {
        const counted = overlaps(
          Uint8Array.from(pairs, ([predicted]) => predicted),
          Uint8Array.from(pairs, ([, reference]) => reference),
          4,
        );
        for (let index = 0; index < 4; index++) {
          expect(counted[index]).toEqual({
            intersection: pairs.filter(([p, r]) => p === index && r === index).length,
            predicted: pairs.filter(([p]) => p === index).length,
            reference: pairs.filter(([, r]) => r === index).length,
          });
        }
      }),
    );
  });

  it('leaves undefined values out of a mean, and has no mean of none', () => {
    expect(meanDefined([0.5, Number.NaN, 1])).toBe(0.75);
    expect(meanDefined([Number.NaN])).toBeNaN();
    expect(meanDefined([])).toBeNaN();
  });
});
