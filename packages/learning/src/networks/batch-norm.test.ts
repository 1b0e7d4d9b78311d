import { readFileSync } from 'node:fs';
import { seededRandom } from '@fedvox/base';
import type { Job, NetworkSpec } from '@fedvox/job';
import { decodeWeights, tensorOf, type Weights, type WeightTensor } from '@fedvox/weights';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { TEST_ENGINES } from '../testing/engines.js';
import { batchNorm } from './batch-norm.js';
import { buildNetwork } from './builders.js';
import { initialWeights, Network } from './network.js';
import { fromEngineLayout } from './parameters.js';

type Norm = NonNullable<NetworkSpec<'unet'>['norm']>;
type Statistics = Extract<Norm, { kind: 'batch' }>['statistics'];

/** The network of `golden/unet.golden.py` that is named `batch`. */
const jobOf = (statistics: Statistics): Pick<Job, 'network' | 'classes'> => ({
  network: {
    ...{ kind: 'unet', inChannels: 1, channels: [2, 3, 4], strides: [2, 2], residualUnits: 2 },
    norm: { kind: 'batch', statistics },
  },
  classes: ['background', 'lesion'],
});

const file = decodeWeights(readFileSync(new URL('golden/unet-batch.safetensors', import.meta.url)));
const under = (prefix: string): Weights =>
  new Map(
    [...file]
      .filter(([key]) => key.startsWith(prefix))
      .map(([key, tensor]) => [key.slice(prefix.length), tensor]),
  );
const golden = {
  ...{ weights: under('weights.'), gradients: under('gradients.'), counted: under('counted.') },
  ...{ input: tensorOf(file, 'input'), logits: tensorOf(file, 'logits') },
  trainingLogits: tensorOf(file, 'training_logits'),
};

const channelsLast = ({ shape, data }: WeightTensor) =>
  tf.transpose(tf.tensor5d(data, shape as tf.Tensor5D['shape']), [0, 2, 3, 4, 1]);
const channelsFirst = (logits: tf.Tensor5D) => tf.transpose(logits, [0, 4, 1, 2, 3]);

function largestDifference(actual: ArrayLike<number>, expected: Float32Array): number {
  const differences = expected.map((value, index) => Math.abs(value - (actual[index] as number)));
  return Math.max(...differences);
}

/** What the recorded gradients are of; its own is written out, as Node's TensorFlow.js has none. */
const meanSquare = tf.customGrad<tf.Scalar>((...args) => {
  const [logits, save] = args as [tf.Tensor5D, tf.GradSaveFunc];
  save([logits]);
  return {
    value: tf.mean(tf.square(logits)),
    gradFunc: (dy, saved) => tf.mul(tf.mul(saved[0] as tf.Tensor, 2 / logits.size), dy),
  };
});

const training = () => ({ random: seededRandom(1) });

/** How far a network's logits are from those recorded. */
function distance(network: Network, isTraining: boolean, expected: WeightTensor): number {
  return tf.tidy(() => {
    const images = channelsLast(golden.input);
    const logits = network.logits(images, isTraining ? training() : undefined);
    return largestDifference(channelsFirst(logits).dataSync(), expected.data);
  });
}

describe.each(TEST_ENGINES)('a UNet with batch norm on the $engine engine', (testEngine) => {
  const { missing, start } = testEngine;
  beforeAll(async () => {
    if (!missing) await start();
  });

  it.skipIf(missing)(
    "gives PyTorch's logits by its running statistics, and leaves them",
    async () => {
      const network = Network.fromWeights(jobOf('averaged'), golden.weights);
      expect(distance(network, false, golden.logits)).toBeLessThan(1e-4);
      expect(await network.weights()).toEqual(golden.weights);
      network.dispose();
    },
  );

  it.skipIf(missing)(
    "gives PyTorch's in training, and its running statistics after it",
    async () => {
      const network = Network.fromWeights(jobOf('averaged'), golden.weights);
      expect(distance(network, true, golden.trainingLogits)).toBeLessThan(1e-4);
      const after = await network.weights();
      expect(golden.counted.size).toBeGreaterThan(0);
      for (const [name, { data }] of golden.counted) {
        expect(largestDifference(tensorOf(after, name).data, data), name).toBeLessThan(1e-5);
        expect(largestDifference(tensorOf(golden.weights, name).data, data)).toBeGreaterThan(1e-3);
      }
      network.dispose();
    },
  );

  it.skipIf(missing)("has PyTorch's gradients in training", async () => {
    const network = Network.fromWeights(jobOf('averaged'), golden.weights);
    const images = channelsLast(golden.input);
    const { value, grads } = tf.variableGrads(
      () => meanSquare(network.logits(images, training())),
      network.variables,
    );
    const { parameters } = buildNetwork(jobOf('averaged'));
    const trained = parameters.filter(({ role }) => role !== 'statistic');
    expect(trained.map(({ name }) => name).sort()).toEqual([...golden.gradients.keys()].sort());
    for (const [index, { name }] of trained.entries()) {
      const gradient = grads[network.variables[index]?.name as string];
      const { data: expected } = tensorOf(golden.gradients, name);
      // A bias in front of a norm has none: PyTorch computes rounding noise for it.
      const actual = gradient ? await fromEngineLayout(gradient) : expected.map(() => 0);
      expect(largestDifference(actual, expected), name).toBeLessThan(1e-5);
    }
    tf.dispose([value, grads, images]);
    network.dispose();
  });

  it.skipIf(missing)('uses frozen statistics in training too, and never changes them', async () => {
    const network = Network.fromWeights(jobOf('frozen'), golden.weights);
    expect(distance(network, true, golden.logits)).toBeLessThan(1e-4);
    expect(await network.weights()).toEqual(golden.weights);
    network.dispose();
  });

  it.skipIf(missing)('leaves no tensor behind where it counts', () => {
    const before = tf.memory().numTensors;
    const network = Network.fromWeights(jobOf('averaged'), golden.weights);
    const held = tf.memory().numTensors;
    for (let pass = 0; pass < 3; pass++) distance(network, true, golden.trainingLogits);
    expect(tf.memory().numTensors).toBe(held);
    network.dispose();
    expect(tf.memory().numTensors).toBe(before);
  });

  it.skipIf(missing)(
    'has the gradients of a scale and an offset where they are frozen',
    async () => {
      const layer = batchNorm('n', 2, { frozen: true });
      const weights = new Map(initialWeights(layer.parameters, seededRandom(1)));
      weights.set('n.running_mean', { shape: [2], data: Float32Array.of(1, -1) });
      weights.set('n.running_var', { shape: [2], data: Float32Array.of(4, 0.25) });
      weights.set('n.weight', { shape: [2], data: Float32Array.of(2, 3) });
      const network = Network.of(layer, [1, 1, 1], weights);
      const x = tf.variable(tf.tensor5d([3, 0, 1, 1], [1, 2, 1, 1, 2]));
      // Normalised: (3 − 1)/2 and (1 − 1)/2 of the first channel, (0 + 1)·2 and (1 + 1)·2 of the second.
      const { value, grads } = tf.variableGrads(
        () => meanSquare(network.logits(x as tf.Tensor5D, training())),
        [...network.variables, x],
      );
      const [scale, offset] = network.variables.map(({ name }) => grads[name] as tf.Tensor);
      // Logits 2, 0 and 6, 12; the gradient by each is half of it, but for the epsilon.
      expect(largestDifference(scale!.dataSync(), Float32Array.of(1, 3 * 2 + 6 * 4))).toBeLessThan(
        5e-3,
      );
      expect(largestDifference(offset!.dataSync(), Float32Array.of(1, 9))).toBeLessThan(5e-3);
      const byX = Float32Array.of(1 * 2 * 0.5, 3 * 3 * 2, 0, 6 * 3 * 2);
      expect(largestDifference(grads[x.name]!.dataSync(), byX)).toBeLessThan(5e-3);
      tf.dispose([value, grads, x]);
      network.dispose();
    },
  );
});
