import { type NetworkSpec, networkSchema } from '@fedvox/job';
import { elementCount } from '@fedvox/weights';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { TEST_ENGINES } from '../testing/engines.js';
import { densenet } from './densenet.js';
import type { Layer, Pass } from './layer.js';
import { linear } from './linear.js';
import { averagePool, globalAveragePool, maxPool } from './pooling.js';

const spec = (options: object = {}) =>
  networkSchema.parse({
    ...{ kind: 'densenet', norm: { kind: 'batch', statistics: 'averaged' } },
    ...options,
  }) as NetworkSpec<'densenet'>;
const parametersOf = (options: object) => densenet(spec(options), 2).parameters;

describe("MONAI's DenseNet", () => {
  it('has as many parameters as MONAI counts, statistics left out', () => {
    const count = (options: object) =>
      parametersOf(options)
        .filter(({ role }) => role !== 'statistic')
        .reduce((sum, { shape }) => sum + elementCount(shape), 0);
    expect(count({})).toBe(11_244_674);
    expect(count({ blocks: [6, 12, 32, 32] })).toBe(18_546_050);
    expect(count({ initFeatures: 16, growthRate: 8, blocks: [2, 3, 2] })).toBe(61_394);
  });

  it('begins its convolutions by their inputs, and its last bias at 0', () => {
    const begins = new Map(parametersOf({}).map(({ name, initial }) => [name, initial]));
    expect(begins.get('features.conv0.weight')).toEqual({
      ...{ kind: 'normal', deviation: Math.sqrt(2 / 343) },
    });
    expect(begins.get('class_layers.out.bias')).toEqual({ kind: 'constant', value: 0 });
  });
});

describe.each(TEST_ENGINES)('a pool on the $engine engine', ({ missing, start }) => {
  beforeAll(async () => {
    if (!missing) await start();
  });

  /** Of one channel, x fastest as a person writes it: [1, 1, 1, length, 1]. */
  const row = (...values: number[]) => tf.tensor5d(values, [1, 1, 1, values.length, 1]);
  const pass = { value: () => tf.scalar(0) } as unknown as Pass;
  const valueAndGradient = (layer: Layer, x: tf.Tensor5D, dy: tf.Tensor5D) => {
    const { value, grad } = tf.valueAndGrad((input: tf.Tensor) =>
      layer.apply(input as tf.Tensor5D, pass),
    )(x, dy);
    return { shape: value.shape, value: [...value.dataSync()], gradient: [...grad.dataSync()] };
  };

  it.skipIf(missing)('takes the highest of three, every second one, below 0 too', () => {
    tf.tidy(() => {
      const found = valueAndGradient(maxPool, row(-5, -3, -4, -1, -2), row(1, 10, 100));
      expect(found).toEqual({
        ...{ shape: [1, 1, 1, 3, 1], value: [-3, -1, -1] },
        gradient: [0, 1, 0, 110, 0],
      });
    });
  });

  it.skipIf(missing)('takes the mean of two, and leaves the odd one out', () => {
    tf.tidy(() => {
      const cube = tf.tensor5d([1, 3, 5, 7, 9, 11, 13, 15, ...Array(19).fill(99)], [1, 3, 3, 3, 1]);
      // Of the corner [0, 2)³: 1, 3, 7, 9 and 99 four times.
      const found = valueAndGradient(averagePool, cube, tf.ones([1, 1, 1, 1, 1]));
      expect(found.value).toEqual([(1 + 3 + 7 + 9 + 4 * 99) / 8]);
      expect(found.gradient.filter((each) => each === 1 / 8)).toHaveLength(8);
      expect(found.gradient.filter((each) => each === 0)).toHaveLength(19);
    });
  });

  it.skipIf(missing)('leaves the mean of all, and gives each its part of the gradient', () => {
    tf.tidy(() => {
      const found = valueAndGradient(globalAveragePool, row(1, 2, 3, 6), row(8));
      expect(found).toEqual({ shape: [1, 1, 1, 1, 1], value: [3], gradient: [2, 2, 2, 2] });
    });
  });

  it.skipIf(missing)('is weighed into logits, each with its gradient', () => {
    tf.tidy(() => {
      const layer = linear('out', 2, 3);
      const weight = tf.tensor2d([1, 2, 3, 4, 5, 6], [3, 2]);
      const bias = tf.tensor1d([10, 20, 30]);
      const x = tf.tensor5d([1, -1], [1, 1, 1, 1, 2]);
      const of = (given: tf.Tensor, factor: tf.Tensor, offset: tf.Tensor) =>
        layer.apply(
          given as tf.Tensor5D,
          {
            value: (name: string) => (name === 'out.weight' ? factor : offset),
          } as unknown as Pass,
        );
      expect([...of(x, weight, bias).dataSync()]).toEqual([9, 19, 29]);
      const dy = tf.tensor5d([1, 2, 3], [1, 1, 1, 1, 3]);
      const gradients = tf.grads(of)([x, weight, bias], dy);
      expect(gradients.map((each) => [...each.dataSync()])).toEqual([
        ...[
          [1 + 6 + 15, 2 + 8 + 18],
          [1, -1, 2, -2, 3, -3],
          [1, 2, 3],
        ],
      ]);
    });
  });
});
