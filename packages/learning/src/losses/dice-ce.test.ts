import { readFileSync } from 'node:fs';
import type { LossSpec } from '@fedvox/job';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { TEST_ENGINES } from '../testing/engines.js';
import { diceCrossEntropy } from './dice-ce.js';

interface Golden {
  readonly shape: [number, number, number, number, number];
  readonly cases: readonly {
    readonly name: string;
    readonly options: {
      readonly include_background: boolean;
      readonly dice_weight: number;
      readonly cross_entropy_weight: number;
    };
    readonly logits: number[];
    readonly labels: number[];
    readonly loss: number;
    readonly gradient: number[];
  }[];
}

const golden: Golden = JSON.parse(
  readFileSync(new URL('golden/dice-ce.json', import.meta.url), 'utf8'),
);
const [batch, x, y, z] = golden.shape;

const specOf = (options: Golden['cases'][number]['options']): LossSpec => ({
  kind: 'dice-ce',
  includeBackground: options.include_background,
  diceWeight: options.dice_weight,
  crossEntropyWeight: options.cross_entropy_weight,
});

function largestDifference(actual: ArrayLike<number>, expected: readonly number[]): number {
  return Math.max(...expected.map((value, index) => Math.abs(value - (actual[index] as number))));
}

describe.each(TEST_ENGINES)('DiceCE on $engine', ({ missing, start }) => {
  describe.skipIf(missing)('as the loss of training', () => {
    beforeAll(async () => {
      await start();
    });

    it.each(golden.cases)("has PyTorch's value and gradient: $name", (recorded) => {
      tf.tidy(() => {
        const logits = tf.tensor5d(recorded.logits, golden.shape);
        const labels = tf.tensor4d(recorded.labels, [batch, x, y, z], 'int32');
        const lossOf = (input: tf.Tensor) =>
          diceCrossEntropy(input as tf.Tensor5D, labels, specOf(recorded.options));
        const { value, grad } = tf.valueAndGrad(lossOf)(logits);
        expect(value.dataSync()[0]).toBeCloseTo(recorded.loss, 5);
        expect(largestDifference(grad.dataSync(), recorded.gradient)).toBeLessThan(1e-6);
      });
    });

    it('scales its gradient with the gradient that comes from behind it', () => {
      const recorded = golden.cases[0] as Golden['cases'][number];
      tf.tidy(() => {
        const labels = tf.tensor4d(recorded.labels, [batch, x, y, z], 'int32');
        const lossOf = (input: tf.Tensor) =>
          diceCrossEntropy(input as tf.Tensor5D, labels, specOf(recorded.options));
        const logits = tf.tensor5d(recorded.logits, golden.shape);
        const gradient = tf.grad(lossOf)(logits, tf.scalar(3));
        const expected = recorded.gradient.map((value) => 3 * value);
        expect(largestDifference(gradient.dataSync(), expected)).toBeLessThan(3e-6);
      });
    });

    it('is not a number where a logit is not, whichever class it belongs to', () => {
      for (const index of [0, 1, 2]) {
        const values = [0, 1, 2];
        values[index] = Number.NaN;
        const loss = tf.tidy(
          () =>
            diceCrossEntropy(
              tf.tensor5d(values, [1, 1, 1, 1, 3]),
              tf.tensor4d([1], [1, 1, 1, 1], 'int32'),
              specOf((golden.cases[0] as Golden['cases'][number]).options),
            ).dataSync()[0],
        );
        expect(loss).toBeNaN();
      }
    });

    it('stays finite for logits that saturate the softmax', () => {
      tf.tidy(() => {
        const logits = tf.tensor5d([400, -400, -400, 400], [1, 2, 1, 1, 2]);
        const labels = tf.tensor4d([1, 1], [1, 2, 1, 1], 'int32');
        const { value, grad } = tf.valueAndGrad((input: tf.Tensor) =>
          diceCrossEntropy(
            input as tf.Tensor5D,
            labels,
            specOf({
              include_background: true,
              dice_weight: 1,
              cross_entropy_weight: 1,
            }),
          ),
        )(logits);
        // Half the voxels are wrong by 800 in the logits; Dice is 0 for one class and 2/3 for the other.
        expect(value.dataSync()[0]).toBeCloseTo(400 + (1 + 1 / 3) / 2, 3);
        expect(grad.dataSync().every(Number.isFinite)).toBe(true);
      });
    });
  });
});
