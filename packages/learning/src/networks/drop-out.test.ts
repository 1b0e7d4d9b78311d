import { seededRandom } from '@fedvox/base';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { TEST_ENGINES } from '../testing/engines.js';
import { channelDropout, dropout } from './drop-out.js';
import type { Layer, Pass } from './layer.js';

const value = () => {
  throw new Error('drop-out has no parameters');
};
const unused = { value, count: value, supervise: value };
const training = (seed: string): Pass => ({
  ...unused,
  training: { random: seededRandom(seed) },
});
const ones = () => tf.ones<tf.Rank.R5>([2, 5, 6, 7, 8]);

/** What a layer makes of ones. */
function valuesOf(layer: Layer, pass: Pass): number[] {
  return tf.tidy(() => [...layer.apply(ones(), pass).dataSync()]);
}

describe.each(TEST_ENGINES)('drop-out on the $engine engine', ({ missing, start }) => {
  beforeAll(async () => {
    if (!missing) await start();
  });

  it.skipIf(missing)('leaves out its part of the values, and makes up for it in the others', () => {
    const values = valuesOf(dropout('d', 0.25), training('a'));
    const left = values.filter((value) => value !== 0);
    expect(new Set(left.map((value) => value.toFixed(6)))).toEqual(new Set([(4 / 3).toFixed(6)]));
    expect(left.length / values.length).toBeCloseTo(0.75, 1);
  });

  it.skipIf(missing)('leaves out whole channels of a sample where it is asked to', () => {
    const values = valuesOf(channelDropout('d', 0.5), training('a'));
    const perChannel = Array.from({ length: 16 }, (_, index) => {
      const [sample, channel] = [Math.floor(index / 8), index % 8];
      const ofSample = values.slice(sample * 1680, (sample + 1) * 1680);
      return new Set(ofSample.filter((_, at) => at % 8 === channel));
    });
    for (const each of perChannel) expect(each.size).toBe(1);
    expect(new Set(perChannel.flatMap((each) => [...each]))).toEqual(new Set([0, 2]));
  });

  it.skipIf(missing)('depends on seed and name alone, and does nothing but in training', () => {
    const once = valuesOf(dropout('d', 0.5), training('a'));
    expect(valuesOf(dropout('d', 0.5), training('a'))).toEqual(once);
    expect(valuesOf(dropout('e', 0.5), training('a'))).not.toEqual(once);
    expect(valuesOf(dropout('d', 0.5), training('b'))).not.toEqual(once);
    expect(new Set(valuesOf(dropout('d', 0.5), unused))).toEqual(new Set([1]));
    expect(new Set(valuesOf(dropout('d', 0), training('a')))).toEqual(new Set([1]));
  });

  it.skipIf(missing)('hands a gradient on where it let a value through, as much larger', () => {
    const layer = dropout('d', 0.5);
    const variable = tf.variable(ones());
    const weighted = tf.customGrad<tf.Scalar>((...args) => {
      const [x] = args as [tf.Tensor5D];
      const { shape } = x;
      return { value: tf.sum(x), gradFunc: (dy) => tf.mul(tf.ones(shape), tf.mul(dy, 3)) };
    });
    const { value: loss, grads } = tf.variableGrads(() =>
      weighted(layer.apply(variable as tf.Tensor5D, training('a'))),
    );
    const expected = valuesOf(layer, training('a')).map((factor) => 3 * factor);
    expect([...(grads[variable.name] as tf.Tensor).dataSync()]).toEqual(expected);
    tf.dispose([loss, grads, variable]);
  });
});
