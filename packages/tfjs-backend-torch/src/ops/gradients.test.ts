import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import {
  clipByGlobalNorm,
  clipByValue,
  GradientAccumulator,
  registerGradients,
  registerTorchBackend,
  type TorchMemory,
  torchAvailability,
} from '../index.js';
import { goldenFigures, type Recorded } from './golden/figures.js';

const { clipping } = goldenFigures();
const { available } = torchAvailability();

const tensorOf = ({ values, shape }: Recorded) => tf.tensor(values, shape, 'float32');
const valuesOf = (tensor: tf.Tensor | undefined) => [...(tensor as tf.Tensor).dataSync()];

function expectClose(actual: readonly tf.Tensor[], expected: readonly Recorded[]): void {
  expect(actual).toHaveLength(expected.length);
  for (const [index, { shape, values }] of expected.entries()) {
    expect(actual[index]?.shape).toEqual(shape);
    for (const [at, value] of valuesOf(actual[index]).entries()) {
      expect(value).toBeCloseTo(values[at] as number, 5);
    }
  }
}

/** Runs in a tidy, and holds that what it left behind is nothing. */
function tidily(body: () => void): void {
  const before = tf.memory().numTensors;
  tf.tidy(body);
  expect(tf.memory().numTensors).toBe(before);
}

describe.each([
  { engine: 'torch', missing: !available },
  { engine: 'cpu', missing: false },
])('on the $engine engine', ({ engine, missing }) => {
  describe.skipIf(missing)('gradients', () => {
    beforeAll(async () => {
      if (available) await registerTorchBackend({ threads: 1 });
      await registerGradients();
      await tf.setBackend(engine);
    });

    it.each(clipping.byNorm)('are clipped to the norm $maxNorm as PyTorch does', (golden) => {
      tidily(() => {
        const gradients = clipping.gradients.map(tensorOf);
        const { clipped, norm } = clipByGlobalNorm(gradients, golden.maxNorm);
        expect(norm.shape).toEqual([]);
        expect(norm.dataSync()[0]).toBeCloseTo(golden.norm, 5);
        expectClose(clipped, golden.clipped);
        expectClose(gradients, clipping.gradients);
      });
    });

    it.each(clipping.byValue)('are clipped to values up to $limit as PyTorch does', (golden) => {
      tidily(() => {
        const gradients = clipping.gradients.map(tensorOf);
        expectClose(clipByValue(gradients, golden.limit), golden.clipped);
        expectClose(gradients, clipping.gradients);
      });
    });

    it('stay what they are where all are zero, and become NaN with a norm that is', () => {
      tidily(() => {
        const zero = clipByGlobalNorm([tf.zeros([2])], 1);
        expect([zero.norm.dataSync()[0], ...valuesOf(zero.clipped[0])]).toEqual([0, 0, 0]);
        const broken = clipByGlobalNorm([tf.tensor1d([Number.NaN]), tf.ones([1])], 1);
        expect(valuesOf(broken.clipped[1])).toEqual([Number.NaN]);
        expect(clipByGlobalNorm([], 1).norm.dataSync()[0]).toBe(0);
      });
    });

    it('add up by their weights, also those that share memory or come later', () => {
      tidily(() => {
        const accumulator = new GradientAccumulator();
        const shared = tf.tensor1d([1, 2]);
        accumulator.add({ a: shared, b: shared.clone() }, 0.5);
        accumulator.add({ b: tf.tensor1d([10, 20]), a: shared, c: tf.ones([1]) }, 0.25);
        const { a, b, c } = accumulator.release();
        expect([valuesOf(a), valuesOf(b), valuesOf(c)]).toEqual([[0.75, 1.5], [3, 6], [0.25]]);
        expect(valuesOf(shared)).toEqual([1, 2]);
        tf.dispose([a as tf.Tensor, b as tf.Tensor, c as tf.Tensor]);
      });
    });

    it('start from nothing after their sums were taken or disposed of', () => {
      tidily(() => {
        const accumulator = new GradientAccumulator();
        accumulator.add({ a: tf.ones([1]) }, 1);
        tf.dispose(accumulator.release());
        accumulator.add({ a: tf.ones([1]) }, 1);
        accumulator.dispose();
        accumulator.add({ a: tf.ones([1]) }, 2);
        const { a } = accumulator.release();
        expect(valuesOf(a)).toEqual([2]);
        a?.dispose();
      });
    });
  });
});

describe.skipIf(!available)('accumulated gradients on the torch engine', () => {
  it('take the memory of one set, however many micro-batches there are', async () => {
    await registerTorchBackend({ threads: 1 });
    const peakBytes = () => (tf.memory() as tf.MemoryInfo & TorchMemory).peakBytes;
    // More than anything before in this process, so that it is what the peak consists of.
    const gradient = tf.zeros([8 * 1024 * 1024]);
    const accumulator = new GradientAccumulator();
    accumulator.add({ gradient }, 1);
    const afterFirst = peakBytes();
    for (let microBatch = 0; microBatch < 4; microBatch++) accumulator.add({ gradient }, 1);
    expect(peakBytes()).toBe(afterFirst);
    accumulator.dispose();
    gradient.dispose();
  });
});
