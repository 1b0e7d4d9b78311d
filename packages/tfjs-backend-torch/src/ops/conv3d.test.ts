import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { conv3d, conv3dTranspose, registerTorchBackend, torchAvailability } from '../index.js';

const triple = (min: number, max: number) => {
  const size = fc.integer({ min, max });
  return fc.tuple(size, size, size);
};

const upTo = (max: number) => fc.integer({ min: 1, max });
/** Rows as long as several vectors, of few channels: what is computed by neighbouring positions. */
const LONG_ROWS = {
  size: fc.tuple(upTo(3), upTo(3), fc.integer({ min: 8, max: 70 })),
  kernel: fc.tuple(upTo(3), upTo(3), upTo(5)),
  strides: fc.tuple(upTo(2), upTo(2), upTo(2)),
  padding: triple(0, 2),
  outputPadding: triple(0, 1),
  batch: upTo(2),
  channels: upTo(5),
  outChannels: upTo(5),
};
const SMALL = {
  size: triple(1, 6),
  kernel: triple(1, 3),
  strides: triple(1, 3),
  padding: triple(0, 2),
  outputPadding: triple(0, 2),
  batch: upTo(2),
  channels: upTo(3),
  outChannels: upTo(3),
};
/** Convolutions that fit their input, of every stride and padding that a network might have. */
const geometry = fc
  .oneof(fc.record(SMALL), fc.record(LONG_ROWS))
  .filter(({ size, kernel, padding }) =>
    size.every((length, axis) => length + 2 * padding[axis]! >= kernel[axis]!),
  );

describe.skipIf(!torchAvailability().available)('convolutions of any geometry', () => {
  beforeAll(() => registerTorchBackend({ threads: 1 }));

  /** The values and gradients of an operation on one engine; the inputs are made of a seed. */
  async function on(
    engine: string,
    shapes: number[][],
    compute: (x: tf.Tensor5D, filter: tf.Tensor5D) => tf.Tensor5D,
  ) {
    await tf.setBackend(engine);
    return tf.tidy(() => {
      const inputs = shapes.map((shape, index) =>
        tf.randomNormal(shape, 0, 1, 'float32', index + 1),
      );
      const { value, grads } = tf.valueAndGrads((x, filter) =>
        compute(x as tf.Tensor5D, filter as tf.Tensor5D),
      )(inputs);
      return [value, ...grads].map((tensor) => ({
        shape: tensor.shape,
        values: [...tensor.dataSync()],
      }));
    });
  }

  async function expectSame(
    shapes: number[][],
    compute: (x: tf.Tensor5D, filter: tf.Tensor5D) => tf.Tensor5D,
  ) {
    const [torch, cpu] = [await on('torch', shapes, compute), await on('cpu', shapes, compute)];
    for (const [index, { shape, values }] of cpu.entries()) {
      expect(torch[index]!.shape).toEqual(shape);
      for (const [at, value] of values.entries()) {
        expect(torch[index]!.values[at]).toBeCloseTo(value, 3);
      }
    }
  }

  it('are the same on torch as composed on cpu, gradients included', () =>
    fc.assert(
      fc.asyncProperty(
        geometry,
        async ({ batch, size, channels, kernel, outChannels, ...rest }) => {
          const shapes = [
            [batch, ...size, channels],
            [...kernel, channels, outChannels],
          ];
          const { strides, padding } = rest;
          await expectSame(shapes, (x, filter) => conv3d(x, filter, { strides, padding }));
        },
      ),
      { numRuns: 80 },
    ));

  it('are the same where one channel takes a single step along the last axis under a stride', () =>
    // Found by the property above: libtorch's own answer to this one is memory nobody wrote.
    expectSame(
      [
        [2, 3, 5, 1, 1],
        [2, 2, 2, 1, 1],
      ],
      (x, filter) => conv3d(x, filter, { strides: [1, 1, 2], padding: [0, 1, 1] }),
    ));

  it('are the same transposed, with any output padding that the stride can tell apart', () =>
    fc.assert(
      fc.asyncProperty(
        geometry,
        async ({ batch, size, channels, kernel, outChannels, ...rest }) => {
          const { strides, padding } = rest;
          const outputPadding = rest.outputPadding.map((extra, axis) =>
            Math.min(extra, strides[axis]! - 1),
          ) as [number, number, number];
          const isPositive = size.every(
            (length, axis) =>
              (length - 1) * strides[axis]! -
                2 * padding[axis]! +
                kernel[axis]! +
                outputPadding[axis]! >
              0,
          );
          fc.pre(isPositive);
          const shapes = [
            [batch, ...size, channels],
            [...kernel, outChannels, channels],
          ];
          const options = { strides, padding, outputPadding };
          await expectSame(shapes, (x, filter) => conv3dTranspose(x, filter, options));
        },
      ),
      { numRuns: 80 },
    ));
});
