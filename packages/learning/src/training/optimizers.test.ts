import { type OptimizerSpec, optimizerSchema } from '@fedvox/job';
import type { WeightTensor } from '@fedvox/weights';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { TEST_ENGINES } from '../testing/engines.js';
import { readTensors } from '../testing/monai-goldens.js';
import { optimizerOf } from './optimizers.js';

/**
 * Recorded with PyTorch 2.13.0 (`torch.optim`, float32): six weights after five steps of rate 0.01 along
 * `gradient.0` … `gradient.4`, for each optimizer the tensor of its name.
 */
const recorded = readTensors(new URL('golden/optimizers.safetensors', import.meta.url));
const of = (name: string) => (recorded.get(name) as WeightTensor).data;
const STEPS = 5;

const RECORDED: Readonly<Record<string, object>> = {
  adam: { kind: 'adam' },
  'adamw_wd0.01': { kind: 'adamw', weightDecay: 0.01 },
  sgd: { kind: 'sgd' },
  'sgd_momentum0.9': { kind: 'sgd', momentum: 0.9 },
  'sgd_nesterov0.99_wd3e-5': { kind: 'sgd', momentum: 0.99, nesterov: true, weightDecay: 3e-5 },
};

function stepped(optimizer: tf.Optimizer): Float32Array {
  const variable = tf.tidy(() => tf.variable(tf.tensor1d(of('start'))));
  for (let step = 0; step < STEPS; step++) {
    tf.tidy(() => {
      optimizer.applyGradients({ [variable.name]: tf.tensor1d(of(`gradient.${step}`)) });
    });
  }
  const values = variable.dataSync() as Float32Array;
  variable.dispose();
  optimizer.dispose();
  return values;
}

const trained = (said: object) =>
  stepped(optimizerOf(optimizerSchema.parse({ ...said, learningRate: 0.01 }) as OptimizerSpec));

describe.each(TEST_ENGINES)('an optimizer on $engine', ({ missing, start }) => {
  describe.skipIf(missing)('as training has it', () => {
    beforeAll(async () => {
      await start();
    });

    it.each(Object.entries(RECORDED))("takes PyTorch's steps: %s", (name, said) => {
      const before = tf.memory().numTensors;
      const expected = of(name);
      for (const [index, value] of trained(said).entries()) {
        expect(Math.abs(value - (expected[index] as number))).toBeLessThan(1e-6);
      }
      expect(tf.memory().numTensors).toBe(before);
    });

    it('draws weights to 0 by their gradients where Adam has a weight decay', () => {
      // torch.optim.Adam(weight_decay=0.5) of the same rate, start and gradients.
      const expected = [
        0.693255186, 0.265075922, 0.0575520359, 0.629180729, -0.433726013, -0.12133795,
      ];
      for (const [index, value] of trained({ kind: 'adam', weightDecay: 0.5 }).entries()) {
        expect(Math.abs(value - (expected[index] as number))).toBeLessThan(1e-6);
      }
    });

    it('descends plainly in the bytes of TensorFlow.js’s own', () => {
      expect(trained({ kind: 'sgd' })).toEqual(stepped(tf.train.sgd(0.01)));
    });

    it('leaves a weight without a gradient alone, and goes on with its momentum after', () => {
      const values = tf.tidy(() => {
        const [moved, left] = [tf.variable(tf.ones([1])), tf.variable(tf.ones([1]))];
        const spec = { kind: 'sgd', learningRate: 0.5, momentum: 0.5, weightDecay: 0.5 } as const;
        const optimizer = optimizerOf(spec);
        optimizer.applyGradients({ [moved.name]: tf.ones([1]) });
        optimizer.applyGradients({ [moved.name]: tf.zeros([1]), [left.name]: tf.zeros([1]) });
        const values = [moved, left].map((variable) => variable.dataSync()[0]);
        tf.dispose([moved, left]);
        optimizer.dispose();
        return values;
      });
      // 1 − ½(1 + ½) = ¼; then v = ½ · 3/2 + ½ · ¼ = 7/8. The other: 1 − ½ · ½.
      expect(values).toEqual([0.25 - 0.4375, 0.75]);
    });
  });
});
