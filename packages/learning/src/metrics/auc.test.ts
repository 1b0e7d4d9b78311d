import { seededRandom } from '@fedvox/base';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { areaUnderCurve, VoxelAuc } from './auc.js';

/** The definition, pair by pair. */
function byPairs(positives: readonly number[], negatives: readonly number[]): number {
  let won = 0;
  for (const p of positives) {
    for (const n of negatives) won += p > n ? 1 : p === n ? 0.5 : 0;
  }
  return won / (positives.length * negatives.length);
}

function voxelAuc(positives: readonly number[], negatives: readonly number[]) {
  const auc = new VoxelAuc();
  auc.add(Float32Array.from(positives), () => true);
  auc.add(Float32Array.from(negatives), () => false);
  return auc.result();
}

// Few distinct values, so that ties are common.
const scores = fc.array(
  fc.nat(8).map((eighths) => eighths / 8),
  { minLength: 1, maxLength: 30 },
);

describe('AUC of cases', () => {
  it('is the part of pairs that are in order, ties counted half', () => {
    expect(areaUnderCurve([0.9, 0.4], [0.1, 0.4, 0.6])).toBeCloseTo((3 + 1.5) / 6, 12);
    fc.assert(
      fc.property(scores, scores, (positives, negatives) => {
        const expected = byPairs(positives, negatives);
        expect(areaUnderCurve(positives, negatives)).toBeCloseTo(expected, 12);
      }),
    );
  });

  it('is undefined with one class only', () => {
    expect(areaUnderCurve([0.3], [])).toBeNaN();
    expect(areaUnderCurve([], [0.3])).toBeNaN();
  });
});

describe('AUC of voxels', () => {
  it('is exact where no two different scores share a bin', () => {
    fc.assert(
      fc.property(scores, scores, (positives, negatives) => {
        expect(voxelAuc(positives, negatives).auc).toBeCloseTo(byPairs(positives, negatives), 12);
      }),
    );
  });

  it('never errs by more than the bound it states, and the bound is small', () => {
    const random = seededRandom('voxel-auc');
    // Scores of a confident network: crowded towards 0 and 1, with some overlap.
    const draw = (mean: number) =>
      Array.from({ length: 2000 }, () =>
        Math.fround(1 / (1 + Math.exp(-(mean + 4 * random.normal())))),
      );
    const [positives, negatives] = [draw(4), draw(-4)];
    const { auc, errorBound } = voxelAuc(positives, negatives);
    expect(Math.abs(auc - byPairs(positives, negatives))).toBeLessThanOrEqual(errorBound);
    expect(errorBound).toBeLessThan(1e-4);
  });

  it('tells scores apart that differ by a few parts in ten million below 1', () => {
    expect(voxelAuc([1 - 2 ** -23], [1 - 2 ** -22]).auc).toBe(1);
    expect(voxelAuc([2 ** -40], [2 ** -41]).auc).toBe(1);
  });

  it('orders the whole interval, ½ included', () => {
    fc.assert(
      fc.property(fc.nat(10_000), fc.nat(10_000), (a, b) => {
        const { auc } = voxelAuc([a / 10_000], [b / 10_000]);
        expect(auc).toBe(a === b ? 0.5 : a > b ? 1 : 0);
      }),
    );
  });

  it('counts 2³³ voxels, far more than 32 bits do, as it counts a few', () => {
    const scores = Float32Array.of(0.9, 0.6, 0.3, 0.1);
    const isPositive = (voxel: number) => voxel % 2 === 0;
    const [few, many] = [new VoxelAuc(), new VoxelAuc()];
    few.add(scores, isPositive);
    for (const times of [2 ** 31, 2 ** 31 + 1, 2 ** 32 - 1]) many.add(scores, isPositive, times);
    expect(few.result().auc).toBe(0.75);
    expect(many.result()).toEqual(few.result());
    // One bin alone passes 2³³ and still takes the next voxel.
    const full = new VoxelAuc();
    full.add(Float32Array.of(0.5), () => false, 2 ** 33 - 1);
    full.add(Float32Array.of(0.5), () => false);
    full.add(Float32Array.of(0.6), () => true);
    full.add(Float32Array.of(0.7), () => false, 2 ** 33);
    expect(full.result().auc).toBe(0.5);
  });

  it('is undefined with one class only, and before any voxel', () => {
    expect(voxelAuc([0.5], []).auc).toBeNaN();
    expect(new VoxelAuc().result().auc).toBeNaN();
  });

  it('refuses a score that is no probability', () => {
    expect(() => voxelAuc([1.5], [])).toThrow(/probability/);
    expect(() => voxelAuc([Number.NaN], [])).toThrow(/probability/);
  });
});
