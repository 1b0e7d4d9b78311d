import { describe, expect, it } from 'vitest';
import { readTensors } from '../testing/monai-goldens.js';
import { dice, overlaps } from './dice.js';
import type { Triple } from './distance-transform.js';
import { hausdorff95Mm } from './hausdorff.js';
import { surfaceDice } from './surface-dice.js';
import { surfaceDistances } from './surfaces.js';
import { volumeError } from './volume-error.js';

/** Of MONAI 1.5: what its metrics gave for the two label maps of `golden/monai-metrics.safetensors`. */
const RECORDED = {
  spacingMm: [1, 1, 2.5],
  dice: [0.7622868418693542, 0.4444444477558136],
  hd95Mm: [1.4142135381698608, 2.9216725826263428],
  /** SurfaceDiceMetric(class_thresholds=[1, 1]) */
  surfaceDice1mm: [0.894957959651947, 0.46875],
} as const;
const tensors = readTensors(new URL('golden/monai-metrics.safetensors', import.meta.url));

/** x fastest, of what is recorded with x slowest. */
function labelMap(name: string): { shape: Triple; data: Uint8Array } {
  const { shape, data } = tensors.get(name) ?? { shape: [], data: new Float32Array() };
  const [nx, ny, nz] = shape as unknown as Triple;
  const turned = Uint8Array.from(data, (_, at) => {
    const [x, y, z] = [at % nx, Math.floor(at / nx) % ny, Math.floor(at / (nx * ny))];
    return data[(x * ny + y) * nz + z] as number;
  });
  return { shape: [nx, ny, nz], data: turned };
}

const distancesOf = (label: number) => {
  const [prediction, reference] = [labelMap('prediction'), labelMap('label')];
  const maskOf = ({ data }: { data: Uint8Array }) => data.map((one) => (one === label ? 1 : 0));
  const masks = [maskOf(prediction), maskOf(reference)] as const;
  return surfaceDistances(...masks, reference.shape, RECORDED.spacingMm);
};

describe.each([1, 2])('of class %d, as MONAI has it', (label) => {
  it('surface Dice at 1 mm', () => {
    const expected = RECORDED.surfaceDice1mm[label - 1] as number;
    expect(surfaceDice(distancesOf(label), 1)).toBeCloseTo(expected, 6);
  });

  it('the 95 % Hausdorff distance', () => {
    expect(hausdorff95Mm(distancesOf(label))).toBeCloseTo(RECORDED.hd95Mm[label - 1] as number, 5);
  });

  it('Dice', () => {
    const counted = overlaps(labelMap('prediction').data, labelMap('label').data, 3)[label];
    expect(counted && dice(counted)).toBeCloseTo(RECORDED.dice[label - 1] as number, 6);
  });
});

describe('surface Dice', () => {
  const shape: Triple = [5, 1, 1];
  const row = (...voxels: number[]) => Uint8Array.from(voxels);
  const between = (predicted: Uint8Array, reference: Uint8Array, toleranceMm: number) =>
    surfaceDice(surfaceDistances(predicted, reference, shape, [2, 1, 1]), toleranceMm);

  it('counts what lies at the tolerance, and nothing beyond it', () => {
    const [predicted, reference] = [row(0, 1, 0, 0, 0), row(1, 1, 0, 0, 0)];
    expect(between(predicted, reference, 1.99)).toBeCloseTo(2 / 3, 12);
    expect(between(predicted, reference, 2)).toBe(1);
  });

  it('is 0 where nothing was found, and undefined where there is nothing to find', () => {
    const [none, some] = [row(0, 0, 0, 0, 0), row(0, 1, 1, 0, 0)];
    expect(between(none, some, 1)).toBe(0);
    expect(between(some, none, 1)).toBeNaN();
    expect(between(none, none, 1)).toBeNaN();
  });
});

describe('the error of a volume', () => {
  it('is the part that was found too much, or too little', () => {
    const of = (predicted: number, reference: number) =>
      volumeError({ intersection: 0, predicted, reference });
    expect([of(125, 100), of(0, 100)]).toEqual([0.25, -1]);
    expect(of(3, 0)).toBeNaN();
  });
});
