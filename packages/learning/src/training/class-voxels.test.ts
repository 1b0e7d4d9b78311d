import { seededRandom } from '@fedvox/base';
import type { LabelMap } from '@fedvox/imaging';
import { describe, expect, it } from 'vitest';
import { classVoxels } from './class-voxels.js';

const affineRas = [1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1];

function labelOf(length: number, valueAt: (voxel: number) => number): LabelMap {
  const data = Uint8Array.from({ length }, (_, voxel) => valueAt(voxel));
  return { shape: [length, 1, 1], affineRas, data };
}

describe('the voxels of a label map by their class', () => {
  it('are all of a class that has few, in their order', () => {
    const label = labelOf(10, (voxel) => [0, 0, 7, 255, 7][voxel % 5] as number);
    expect(classVoxels(label, seededRandom('few'))).toEqual([
      { value: 0, count: 4, voxels: Uint32Array.of(0, 1, 5, 6) },
      { value: 7, count: 4, voxels: Uint32Array.of(2, 4, 7, 9) },
      { value: 255, count: 2, voxels: Uint32Array.of(3, 8) },
    ]);
  });

  it('are some of a class that has many: a bounded number, from everywhere, the same by the seed', () => {
    const label = labelOf(100_003, (voxel) => voxel % 3);
    const found = classVoxels(label, seededRandom('many'));
    expect(found.map(({ count }) => count)).toEqual([33_335, 33_334, 33_334]);
    for (const { value, voxels } of found) {
      expect(voxels).toHaveLength(10_000);
      expect(voxels.every((voxel) => label.data[voxel] === value)).toBe(true);
      // 3.33 voxels of the class in a run, of which one is kept.
      for (let at = 1; at < voxels.length; at++) {
        expect(voxels[at]! - voxels[at - 1]!).toBeGreaterThanOrEqual(0);
        expect(voxels[at]! - voxels[at - 1]!).toBeLessThanOrEqual(3 * 7);
      }
    }
    expect(classVoxels(label, seededRandom('many'))).toEqual(found);
    expect(classVoxels(label, seededRandom('more'))).not.toEqual(found);
  });

  it('are each kept as often as the next', () => {
    const label = labelOf(10, () => 1);
    const kept = new Array<number>(10).fill(0);
    for (let seed = 0; seed < 1000; seed++) {
      const [all] = classVoxels(label, seededRandom(seed), 4);
      for (const voxel of all!.voxels) kept[voxel]!++;
    }
    for (const times of kept) expect(Math.abs(times - 400)).toBeLessThan(65);
  });
});
