import { seededRandom } from '@fedvox/base';
import { preprocessStepSchema } from '@fedvox/job';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { apply, invert } from '../geometry/affine.js';
import { roundHalfEven } from '../geometry/rounding.js';
import type { Vec3 } from '../geometry/vector.js';
import { preprocess } from './preprocess.js';
import { probabilitiesToGrid, toOriginalGrid } from './restore.js';

const LPS = [-1.5, 0, 0, 40, 0, -1.25, 0, 30, 0, 0, 2, -60, 0, 0, 0, 1];
const OBLIQUE = [1, 0.3, 0, 5, -0.3, 1, 0.1, 6, 0, -0.1, 1.5, 7, 0, 0, 0, 1];

function randomLabel(shape: Vec3, affineRas: readonly number[], seed: number) {
  const random = seededRandom(seed);
  const voxels = shape[0] * shape[1] * shape[2];
  return { shape, affineRas, data: Uint8Array.from({ length: voxels }, () => random.below(4)) };
}

describe('a prediction back on the original grid', () => {
  it('is what it was, after orienting and padding', () => {
    const label = randomLabel([6, 5, 8], LPS, 1);
    const image = { ...label, data: new Float32Array(label.data) };
    const steps = [{ kind: 'orient' }, { kind: 'crop-or-pad', size: [9, 8, 11] }].map((step) =>
      preprocessStepSchema.parse(step),
    );
    const { label: seen } = preprocess({ image, label }, steps);
    expect(toOriginalGrid(seen!, label)).toEqual(label);
  });

  it('is background where a crop saw nothing', () => {
    const label = randomLabel([6, 5, 8], LPS, 2);
    const image = { ...label, data: new Float32Array(label.data) };
    const steps = [preprocessStepSchema.parse({ kind: 'crop-or-pad', size: [4, 5, 8] })];
    const { label: seen } = preprocess({ image, label }, steps);
    const restored = toOriginalGrid(seen!, label);
    restored.data.forEach((value, at) => {
      const isCropped = at % 6 === 0 || at % 6 === 5;
      expect(value).toBe(isCropped ? 0 : label.data[at]);
    });
  });

  it('takes the nearest voxel by world position, for any pair of grids', () => {
    const prediction = randomLabel([7, 6, 5], OBLIQUE, 3);
    const grids = fc.constantFrom(
      LPS,
      OBLIQUE,
      [0, 0, 1.1, 4, 0.9, 0, 0, 5, 0, -1.3, 0, 12, 0, 0, 0, 1],
    );
    fc.assert(
      fc.property(grids, grids, (from, to) => {
        const source = { ...prediction, affineRas: from };
        const original = { shape: [5, 4, 6] as const, affineRas: to };
        const restored = toOriginalGrid(source, original);
        restored.data.forEach((value, at) => {
          const here: Vec3 = [at % 5, Math.floor(at / 5) % 4, Math.floor(at / 20)];
          const index = apply(invert(from), apply(to, here));
          const isInside = index.every(
            (each, axis) => each >= -0.5 && each <= source.shape[axis]! - 0.5,
          );
          const [i, j, k] = index.map((each, axis) =>
            roundHalfEven(Math.min(Math.max(each, 0), source.shape[axis]! - 1)),
          ) as [number, number, number];
          expect(value).toBe(isInside ? source.data[i + 7 * (j + 6 * k)] : 0);
        });
      }),
    );
  });
});

describe('class probabilities back on the original grid', () => {
  const low = {
    shape: [2, 1, 1] as const,
    affineRas: [2, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1],
  };
  const high = {
    shape: [5, 1, 1] as const,
    affineRas: [1, 0, 0, -1, 0, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1],
  };

  it('are interpolated before the largest is taken', () => {
    const background = { ...low, data: new Float32Array([0.9, 0.2]) };
    const organ = { ...low, data: new Float32Array([0.1, 0.8]) };
    // At 1 mm the mean of both ends decides: 0.55 against 0.45.
    expect([...probabilitiesToGrid([background, organ], high).data]).toEqual([0, 0, 0, 1, 1]);
  });

  it('are background beyond the prediction', () => {
    const certain = { ...low, data: new Float32Array([1, 1]) };
    const none = { ...low, data: new Float32Array([0, 0]) };
    const wide = { ...high, shape: [8, 1, 1] as const };
    expect([...probabilitiesToGrid([none, certain], wide).data]).toEqual([1, 1, 1, 1, 1, 0, 0, 0]);
  });
});
