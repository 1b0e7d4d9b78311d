import { seededRandom } from '@fedvox/base';
import { describe, expect, it } from 'vitest';
import { bootstrapInterval } from './bootstrap.js';

const OPTIONS = { seed: 1, resamples: 2_000, level: 0.95 };
const meanOf = (values: readonly number[]) =>
  values.reduce((sum, value) => sum + value, 0) / values.length;
const alone = (values: readonly number[]) => values.map((value) => [value]);

describe('a bootstrap interval', () => {
  it('is as wide as the mean of so many normal values varies', () => {
    const random = seededRandom('normal');
    const values = Array.from({ length: 400 }, () => 10 + 2 * random.normal());
    const interval = bootstrapInterval(alone(values), meanOf, OPTIONS)!;
    // 1.96 standard errors of 2 / √400 either way.
    expect((interval.low + interval.high) / 2).toBeCloseTo(meanOf(values), 1);
    expect(interval.high - interval.low).toBeGreaterThan(2 * 1.96 * 0.1 * 0.85);
    expect(interval.high - interval.low).toBeLessThan(2 * 1.96 * 0.1 * 1.15);
  });

  it('holds the true mean in about as many samples as its level says', () => {
    const random = seededRandom('coverage');
    const options = { ...OPTIONS, resamples: 200 };
    const holds = Array.from({ length: 200 }, () => {
      const values = Array.from({ length: 40 }, () => random.normal());
      const { low, high } = bootstrapInterval(alone(values), meanOf, options)!;
      return low <= 0 && 0 <= high;
    });
    const part = holds.filter(Boolean).length / holds.length;
    expect(part).toBeGreaterThan(0.9);
    expect(part).toBeLessThan(0.985);
  });

  it('is wider where the values come in groups that are alike within', () => {
    const random = seededRandom('groups');
    const groups = Array.from({ length: 20 }, () => {
      const own = random.normal();
      return Array.from({ length: 10 }, () => own + 0.1 * random.normal());
    });
    const width = (of: number[][]) => {
      const { low, high } = bootstrapInterval(of, meanOf, OPTIONS)!;
      return high - low;
    };
    expect(width(groups)).toBeGreaterThan(2 * width(alone(groups.flat())));
  });

  it('is the same for the same seed', () => {
    const values = alone([1, 2, 3, 4, 5, 9]);
    expect(bootstrapInterval(values, meanOf, OPTIONS)).toEqual(
      bootstrapInterval(values, meanOf, OPTIONS),
    );
  });

  it('leaves out draws that have no such figure, and is null where none has', () => {
    const ofLarge = (values: readonly number[]) => meanOf(values.filter((value) => value > 2));
    expect(bootstrapInterval(alone([1, 1, 5]), ofLarge, OPTIONS)).toEqual({ low: 5, high: 5 });
    expect(bootstrapInterval(alone([1, 1]), ofLarge, OPTIONS)).toBeNull();
  });

  it('is null for a single group, of which nothing can be told', () => {
    expect(bootstrapInterval([[1, 2, 3]], meanOf, OPTIONS)).toBeNull();
  });
});
