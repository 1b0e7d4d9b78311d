import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import {
  batchNorm,
  conv3d,
  conv3dTranspose,
  FusedAdam,
  gelu,
  groupNorm,
  instanceNorm,
  instanceNormPrelu,
  layerNorm,
  linear,
  prelu,
  registerGradients,
  registerTorchBackend,
  torchAvailability,
  type UpsampleOptions,
  upsample3d,
  windowAttention,
} from '../index.js';
import {
  type GoldenCase,
  goldenFigures,
  goldenTransformer,
  type Recorded,
} from './golden/figures.js';

type Named = Record<string, tf.Tensor>;

/** Calls an operation with a golden case's inputs, whichever are tensors and whichever options. */
const CALLS: Record<string, (inputs: Named, options: object) => tf.Tensor> = {
  conv3d: ({ x, filter, bias }, options) =>
    conv3d(x as tf.Tensor5D, filter as tf.Tensor5D, { ...options, bias: bias as tf.Tensor1D }),
  conv3dTranspose: ({ x, filter, bias }, options) =>
    conv3dTranspose(x as tf.Tensor5D, filter as tf.Tensor5D, {
      ...options,
      bias: bias as tf.Tensor1D,
    }),
  instanceNorm: ({ x, ...affine }, options) =>
    instanceNorm(x as tf.Tensor5D, { ...options, ...affine }),
  instanceNormPrelu: ({ x, alpha }, options) =>
    instanceNormPrelu(x as tf.Tensor5D, alpha as tf.Tensor1D, options),
  groupNorm: ({ x, ...affine }, options) =>
    groupNorm(x as tf.Tensor5D, (options as { groups: number }).groups, { ...options, ...affine }),
  batchNorm: ({ x, ...affine }, options) =>
    batchNorm(x as tf.Tensor5D, { ...options, ...affine }).y,
  upsample3d: ({ x }, options) => upsample3d(x as tf.Tensor5D, options as UpsampleOptions),
  gelu: ({ x }) => gelu(x as tf.Tensor),
  linear: ({ x, weight, bias }) =>
    linear(x as tf.Tensor, weight as tf.Tensor2D, bias as tf.Tensor1D),
  layerNorm: ({ x, ...affine }, options) => layerNorm(x as tf.Tensor, { ...options, ...affine }),
  windowAttention: ({ projected, bias }, options) => {
    const { masks, kinds } = options as { masks?: number[][][]; kinds: number[] };
    const given = masks && { values: tf.tensor3d(masks), kinds };
    return windowAttention(projected as tf.Tensor3D, bias as tf.Tensor3D, given);
  },
  prelu: ({ x, alpha }) => prelu(x as tf.Tensor, alpha as tf.Tensor1D),
};

const { adam, ...figures } = goldenFigures();
const cases = [...figures.cases, ...goldenTransformer()];
const available = torchAvailability().available;

describe.each([
  { engine: 'torch', missing: !available },
  { engine: 'cpu', missing: false },
])('on the $engine engine', ({ engine, missing }) => {
  describe.skipIf(missing)('the operations that tfjs lacks', () => {
    beforeAll(async () => {
      if (available) await registerTorchBackend({ threads: 1 });
      await registerGradients();
      await tf.setBackend(engine);
    });

    it.each(cases.map((golden) => [titleOf(golden), golden] as const))(
      'computes %s as PyTorch does, with all its gradients',
      (_, golden) => {
        const before = tf.memory().numTensors;
        tf.tidy(() => {
          const names = Object.keys(golden.inputs);
          const inputs = names.map((name) => tensorOf(golden.inputs[name]!));
          const compute = (...args: tf.Tensor[]) =>
            CALLS[golden.name]!(
              Object.fromEntries(args.map((arg, index) => [names[index], arg])),
              golden.options,
            );
          const { value, grads } = tf.valueAndGrads(compute)(inputs, tensorOf(golden.dy));
          expectClose(value, golden.y);
          for (const [index, name] of names.entries()) {
            expectClose(grads[index]!, golden.gradients[name]!);
          }
        });
        expect(tf.memory().numTensors).toBe(before);
      },
    );

    it('gives the mean and the biased variance of a batch with its norm', () => {
      const { mean, variance } = tf.tidy(() =>
        batchNorm(tf.tensor5d([1, 10, 2, 10, 6, 40], [3, 1, 1, 1, 2])),
      );
      expectClose(mean, { shape: [2], values: [3, 20] });
      // (4 + 1 + 9) / 3 and (100 + 100 + 400) / 3
      expect(variance.dataSync()[0]).toBeCloseTo(14 / 3, 3);
      expect(variance.dataSync()[1]).toBeCloseTo(200, 1);
      tf.dispose([mean, variance]);
    });

    it('refuses groups that do not divide the channels', () => {
      const x = tf.zeros<tf.Rank.R5>([1, 2, 2, 2, 3]);
      expect(() => groupNorm(x, 2)).toThrow(/3 channels cannot be divided into 2 groups/);
      x.dispose();
    });

    it('takes Adam steps as PyTorch does', () => {
      const before = tf.memory().numTensors;
      const optimizer = new FusedAdam(adam.options);
      const variables = adam.start.map((start, index) =>
        tf.tidy(() => tf.variable(tensorOf(start), true, `parameter-${engine}-${index}`)),
      );
      for (const gradients of adam.gradients) {
        const named = gradients.map((gradient, index) => ({
          name: variables[index]!.name,
          tensor: tensorOf(gradient),
        }));
        optimizer.applyGradients(named);
        tf.dispose(named.map(({ tensor }) => tensor));
      }
      for (const [index, end] of adam.end.entries()) expectClose(variables[index]!, end);
      optimizer.dispose();
      tf.dispose(variables);
      expect(tf.memory().numTensors).toBe(before);
    });
  });
});

function titleOf({ name, inputs, options }: GoldenCase): string {
  const shapes = Object.entries(inputs).map(([key, { shape }]) => `${key} ${shape.join('×')}`);
  return `${name}(${shapes.join(', ')}) ${JSON.stringify(options)}`;
}

function tensorOf({ values, shape }: Recorded): tf.Tensor {
  return tf.tensor(values, shape, 'float32');
}

function expectClose(actual: tf.Tensor, expected: Recorded): void {
  expect(actual.shape).toEqual(expected.shape);
  const values = actual.dataSync();
  for (const [index, value] of expected.values.entries()) {
    expect(values[index]).toBeCloseTo(value, 4);
  }
}
