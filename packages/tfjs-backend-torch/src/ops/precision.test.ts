import * as tf from '@tensorflow/tfjs-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  conv3d,
  conv3dTranspose,
  groupNorm,
  instanceNorm,
  type Precision,
  prelu,
  registerTorchBackend,
  setPrecision,
  softmaxSums,
  torchAvailability,
  upsample3d,
  variableGradients,
} from '../index.js';

describe.skipIf(!torchAvailability().available)('a network in bfloat16', () => {
  let isComposed: boolean;
  beforeAll(async () => {
    const { instructionSet } = await registerTorchBackend({ threads: 1 });
    isComposed = instructionSet === 'baseline';
  });
  afterAll(() => setPrecision('float32'));

  const variable = <R extends tf.Rank>(shape: tf.ShapeMap[R], seed: number) =>
    tf.tidy(() => tf.variable(tf.randomNormal<R>(shape, 0, 0.3, 'float32', seed)));

  function network() {
    const first = variable<tf.Rank.R5>([3, 3, 3, 2, 8], 1);
    const second = variable<tf.Rank.R5>([3, 3, 3, 8, 8], 2);
    const last = variable<tf.Rank.R5>([3, 3, 3, 3, 16], 3);
    const bias = variable<tf.Rank.R1>([3], 4);
    const shared = variable<tf.Rank.R1>([1], 5);
    const perChannel = variable<tf.Rank.R1>([8], 6);
    const variables = [first, second, last, bias, shared, perChannel] as tf.Variable[];
    const x = tf.randomNormal<tf.Rank.R5>([2, 8, 8, 8, 2], 0, 1, 'float32', 7);
    const loss = () => {
      const halved = conv3d(x, first, { strides: 2, padding: 1 });
      const a = prelu(instanceNorm(halved), shared);
      const b = prelu(groupNorm(conv3d(a, second, { padding: 1 }), 2), perChannel);
      const resized = upsample3d(upsample3d(b, { size: [2, 2, 2] }), { size: [4, 4, 4] });
      const joined = tf.concat([a, tf.add(b, resized)], 4) as tf.Tensor5D;
      const options = { strides: 2, padding: 1, outputPadding: 1, bias };
      const y = tf.softmax(conv3dTranspose(joined, last, options));
      const background = tf.slice(y, [0, 0, 0, 0, 0], [-1, -1, -1, -1, 1]);
      return tf.neg(tf.mean(tf.log(background))) as tf.Scalar;
    };
    return { loss, variables, x };
  }

  function gradientsIn(precision: Precision, { loss, variables }: ReturnType<typeof network>) {
    setPrecision(precision);
    return tf.tidy(() => {
      const { value, grads } = variableGradients(loss, variables);
      const flat = variables.flatMap(({ name }) => [...grads[name]!.dataSync()]);
      return { loss: value.dataSync()[0] as number, flat };
    });
  }

  it('has the loss and the gradients that it has in float32, to bfloat16’s few digits', () => {
    const net = network();
    const exact = gradientsIn('float32', net);
    const rounded = gradientsIn('bfloat16', net);
    expect(rounded.loss).not.toBe(exact.loss);
    expect(Math.abs(rounded.loss / exact.loss - 1)).toBeLessThan(0.01);
    const dot = (a: number[], b: number[]) => a.reduce((sum, v, index) => sum + v * b[index]!, 0);
    const lengths = Math.sqrt(dot(exact.flat, exact.flat) * dot(rounded.flat, rounded.flat));
    expect(dot(exact.flat, rounded.flat) / lengths).toBeGreaterThan(0.999);
    tf.dispose([...net.variables, net.x]);
  });

  it.each([
    ['highest', tf.maxPool3d, 'MaxPool3DGrad'],
    ['mean', tf.avgPool3d, 'AvgPool3DGrad'],
  ] as const)('has the %s of windows, and its gradient, as in float32', (_, pool, gradient) => {
    // Whole numbers of few digits, and sums of eight of them over eight, are exact.
    const x = tf.tidy(() =>
      tf.floor(tf.randomUniform<tf.Rank.R5>([2, 4, 6, 5, 3], -8, 9, 'float32', 1)),
    );
    const identity = tf.reshape(tf.eye(3), [1, 1, 1, 3, 3]) as tf.Tensor5D;
    const pooled = (precision: Precision) => {
      setPrecision(precision);
      return tf.tidy(() => {
        const stored = conv3d(x, identity);
        const output = pool(stored, 2, 2, 'valid');
        const dy = conv3d(output, identity);
        const attributes = { filterSize: 2, strides: 2, pad: 'valid' };
        const inputs = { dy, input: stored, output };
        const dx = tf.engine().runKernel(gradient, inputs, attributes) as tf.Tensor;
        return [output, dx].map((each) => [...each.dataSync()]);
      });
    };
    expect(pooled('bfloat16')).toEqual(pooled('float32'));
    tf.dispose([x, identity]);
  });

  it.each([1, 2, 3, 4, 5, 20])(
    'meets weights rounded to bfloat16 with what is stored so, into %i channels',
    (outChannels) => {
      // Whole numbers of at most eight bits are exact in bfloat16; so much more than one is lost in it.
      const lost = 2 ** -9;
      const x = tf.tidy(() =>
        tf.floor(tf.randomUniform<tf.Rank.R5>([2, 3, 4, 21, 3], -1, 2, 'float32', 1)),
      );
      const whole = tf.tidy(() =>
        tf.add(
          tf.floor(tf.randomUniform<tf.Rank.R5>([3, 3, 3, 3, outChannels], 0, 2, 'float32', 2)),
          1,
        ),
      ) as tf.Tensor5D;
      const identity = tf.reshape(tf.eye(3), [1, 1, 1, 3, 3]) as tf.Tensor5D;
      const slides = (filter: tf.Tensor5D) =>
        tf.tidy(() => {
          const stored = conv3d(x, identity);
          const backwards = tf.transpose(filter, [0, 1, 2, 4, 3]) as tf.Tensor5D;
          return [
            conv3d(stored, filter, { padding: 1 }),
            conv3dTranspose(stored, backwards, { padding: 1, strides: [1, 1, 2] }),
          ].map((result) => [...result.dataSync()]);
        });
      setPrecision('float32');
      const expected = slides(whole);
      setPrecision('bfloat16');
      expect(slides(tf.add(whole, lost))).toEqual(expected);
      tf.dispose([x, whole, identity]);
    },
  );

  it('sums channels, as a bias’s gradient is, to the figure that float32 has', () => {
    const x = tf.tidy(() =>
      tf.floor(tf.randomUniform<tf.Rank.R5>([3, 5, 7, 11, 3], -128, 129, 'float32', 1)),
    );
    const identity = tf.reshape(tf.eye(3), [1, 1, 1, 3, 3]) as tf.Tensor5D;
    const sums = (precision: Precision, keepDims: boolean) => {
      setPrecision(precision);
      const summed = tf.tidy(() => tf.sum(conv3d(x, identity), [0, 1, 2, -2], keepDims));
      return { shape: summed.shape, sums: [...summed.dataSync()] };
    };
    for (const keepDims of [false, true]) {
      expect(sums('bfloat16', keepDims)).toEqual(sums('float32', keepDims));
    }
    tf.dispose([x, identity]);
  });

  it('has the gradient of what losses sum up, rounded as its logits are', () => {
    const [x, labels] = tf.tidy(() => [
      tf.randomNormal<tf.Rank.R5>([2, 3, 5, 19, 3], 0, 1, 'float32', 1),
      tf.randomUniformInt([2, 3, 5, 19], 0, 3, 2) as tf.Tensor4D,
    ]);
    const identity = tf.reshape(tf.eye(3), [1, 1, 1, 3, 3]) as tf.Tensor5D;
    const gradient = (precision: Precision) => {
      setPrecision(precision);
      const loss = (from: tf.Tensor) => {
        const logits = conv3d(from as tf.Tensor5D, identity);
        const { intersections, logs } = softmaxSums(logits, labels);
        return tf.add(tf.sum(intersections), tf.sum(logs)) as tf.Scalar;
      };
      return tf.tidy(() => [...tf.grad(loss)(x).dataSync()]);
    };
    const exact = gradient('float32');
    const rounded = gradient('bfloat16');
    expect(rounded).not.toEqual(exact);
    rounded.forEach((value, at) => {
      expect(Math.abs(value - exact[at]!)).toBeLessThan(0.02);
    });
    tf.dispose([x, labels, identity]);
  });

  it.each([
    { inputs: 1, outputs: 5, strides: 1 },
    { inputs: 3, outputs: 3, strides: 1 },
    { inputs: 2, outputs: 4, strides: 1 },
    { inputs: 3, outputs: 8, strides: 2 },
    { inputs: 5, outputs: 16, strides: 1 },
    { inputs: 16, outputs: 33, strides: 2 },
    { inputs: 7, outputs: 40, strides: 1 },
  ] as const)(
    'sums the gradient of a filter of %o without losing a position',
    ({ inputs, outputs, strides }) => {
      // Whole numbers, whose products and sums are exact, whatever their order; ATen rounds parts of sums, too.
      const digits = <R extends tf.Rank>(shape: tf.ShapeMap[R], seed: number) =>
        tf.tidy(() => tf.floor(tf.randomUniform<R>(shape, -8, 9, 'float32', seed)));
      // What a convolution gives, or its gradient, is stored in the precision that is set.
      const stored = (x: tf.Tensor5D, channels: number) =>
        conv3d(x, tf.reshape(tf.eye(channels), [1, 1, 1, channels, channels]));
      for (const width of [5, 8, 11, 37]) {
        const x = digits<tf.Rank.R5>([2, 4, 3, width, inputs], width);
        const filter = tf.variable(digits<tf.Rank.R5>([3, 3, 3, inputs, outputs], 2));
        const slid = () =>
          stored(conv3d(stored(x, inputs), filter, { strides, padding: 1 }), outputs);
        const dy = tf.tidy(() => digits<tf.Rank.R5>(slid().shape, 3));
        const gradient = (precision: Precision) => {
          setPrecision(precision);
          return tf.tidy(() => {
            const { grads } = variableGradients(
              () => tf.sum(tf.mul(slid(), dy)) as tf.Scalar,
              [filter],
            );
            return [...grads[filter.name]!.dataSync()];
          });
        };
        const exact = gradient('float32');
        const rounding = isComposed ? 2 ** -7 * Math.max(...exact.map(Math.abs)) : 0;
        const isWrong = (sum: number, at: number) => !(Math.abs(sum - exact[at]!) <= rounding);
        expect(gradient('bfloat16').filter(isWrong)).toEqual([]);
        tf.dispose([x, filter, dy]);
      }
    },
  );
});
