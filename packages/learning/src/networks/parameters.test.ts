import '@tensorflow/tfjs-backend-cpu';
import { seededRandom } from '@fedvox/base';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { fromEngineLayout, initialValues, toEngineLayout } from './parameters.js';

beforeAll(async () => {
  await tf.setBackend('cpu');
});

const counting = (shape: number[]) => ({
  shape,
  data: Float32Array.from({ length: tf.util.sizeFromShape(shape) }, (_, index) => index),
});

describe('parameters', () => {
  it('become kernels with the input and output channels last', () => {
    const tensor = toEngineLayout(counting([2, 3, 1, 1, 2]));
    expect(tensor.shape).toEqual([1, 1, 2, 3, 2]);
    // Element [out 1, in 2, 0, 0, k 1] of PyTorch's layout, row-major.
    const index = ((1 * 3 + 2) * 1 * 1 + 0) * 2 + 1;
    expect(tensor.arraySync()).toHaveProperty([0, 0, 1, 2, 1], index);
    tensor.dispose();
  });

  it.each([[[2, 3, 3, 3, 3]], [[4, 1, 1, 1, 1]], [[5]]])(
    'come back as they were: %j',
    async (shape) => {
      const before = counting(shape);
      const tensor = toEngineLayout(before);
      expect(await fromEngineLayout(tensor)).toEqual(before.data);
      tensor.dispose();
    },
  );

  it('are drawn within the bound, fill it, and depend on seed and name alone', () => {
    const spec = (name: string) => ({
      name,
      shape: [8, 4, 3, 3, 3],
      initial: { kind: 'uniform', bound: 0.1 } as const,
    });
    const { data } = initialValues(spec('a'), seededRandom(1));
    const mean = data.reduce((sum, value) => sum + value, 0) / data.length;
    const variance = data.reduce((sum, value) => sum + value * value, 0) / data.length;
    expect(Math.max(...data.map(Math.abs))).toBeLessThanOrEqual(Math.fround(0.1));
    expect(mean).toBeCloseTo(0, 2);
    expect(variance).toBeCloseTo(0.1 ** 2 / 3, 3);
    expect(initialValues(spec('a'), seededRandom(1)).data).toEqual(data);
    expect(initialValues(spec('b'), seededRandom(1)).data).not.toEqual(data);
    expect(initialValues(spec('a'), seededRandom(2)).data).not.toEqual(data);
  });

  it('are drawn normally around 0 where they are to be', () => {
    const initial = { kind: 'normal', deviation: 0.2 } as const;
    const { data } = initialValues(
      { name: 'a', shape: [40, 10, 3, 3, 3], initial },
      seededRandom(1),
    );
    const part = (within: number) =>
      data.filter((value) => Math.abs(value) < within).length / data.length;
    expect(part(0.2)).toBeCloseTo(0.683, 1);
    expect(part(0.4)).toBeCloseTo(0.954, 1);
    expect(data.reduce((sum, value) => sum + value, 0) / data.length).toBeCloseTo(0, 1);
  });
});
