import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import fc from 'fast-check';
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { registerTorchBackend, setPrecision, torchAvailability } from '../index.js';

interface Convolution {
  readonly x: [number, number, number, number, number];
  readonly filter: [number, number, number, number, number];
  readonly strides: [number, number, number];
  readonly pad: 'same' | 'valid';
}

/** Of a sum beside its true value; the inputs are exact in both. */
const ROUNDING = { float32: 1e-6, bfloat16: 0.005 } as const;

const size = fc.integer({ min: 1, max: 4 });
const stride = fc.integer({ min: 1, max: 3 });
const few = fc.integer({ min: 1, max: 2 });

const convolution: fc.Arbitrary<Convolution> = fc
  .record({
    x: fc.tuple(few, size, size, size, few),
    kernel: fc.tuple(few, few, few, few),
    strides: fc.tuple(stride, stride, stride),
    pad: fc.constantFrom('same', 'valid'),
  })
  .map(({ x, kernel, ...rest }): Convolution => {
    const [depth, height, width, outputs] = kernel;
    return { ...rest, x, filter: [depth, height, width, x[4], outputs] };
  })
  .filter(
    ({ x, filter, pad }) => pad === 'same' || [1, 2, 3].every((a) => x[a]! >= filter[a - 1]!),
  );

describe.skipIf(!torchAvailability().available)("tfjs's own convolution in 3D", () => {
  beforeAll(() => registerTorchBackend({ threads: 1 }));
  afterEach(() => setPrecision('float32'));

  /** Values and both gradients, one after the other. */
  async function on(engine: string, { x, filter, strides, pad }: Convolution): Promise<number[]> {
    await tf.setBackend(engine);
    return tf.tidy(() => {
      // Eighths, which bfloat16 has too: only results are rounded.
      const inputs = [x, filter].map((shape) =>
        tf.div(tf.round(tf.mul(tf.randomNormal(shape, 0, 1, 'float32', 1), 8)), 8),
      );
      const { value, grads } = tf.valueAndGrads((image, weights) =>
        tf.conv3d(image as tf.Tensor5D, weights as tf.Tensor5D, strides, pad),
      )(inputs);
      return [value, ...grads].flatMap((tensor) => [...tensor.dataSync()]);
    });
  }

  async function expectSame(given: Convolution, precision: keyof typeof ROUNDING): Promise<void> {
    setPrecision(precision);
    const [torch, cpu] = [await on('torch', given), await on('cpu', given)];
    expect(torch).toHaveLength(cpu.length);
    for (const [index, value] of cpu.entries()) {
      const error = Math.abs(torch[index]! - value);
      expect(error).toBeLessThan(ROUNDING[precision] * (0.2 + Math.abs(value)));
    }
  }

  it.each(['float32', 'bfloat16'] as const)(
    'is the same on torch as on cpu, gradients included (%s)',
    (precision) => {
      const isSame = (given: Convolution) => expectSame(given, precision);
      return fc.assert(fc.asyncProperty(convolution, isSame), { numRuns: 40 });
    },
  );

  it('is the same in bfloat16 where one channel lies in a volume flatter than the filter', () =>
    expectSame(
      { x: [2, 1, 5, 5, 1], filter: [3, 3, 3, 1, 2], strides: [1, 1, 1], pad: 'same' },
      'bfloat16',
    ));

  it.each(['same', 'valid'] as const)(
    'is the same where it takes a single step along the last axis under a stride (%s)',
    (pad) =>
      // What libtorch itself leaves unwritten: one channel, see native/src/operators/libtorch-convolution.cc.
      expectSame(
        { x: [2, 3, 5, 2, 1], filter: [2, 2, 2, 1, 1], strides: [1, 1, 2], pad },
        'float32',
      ),
  );
});
