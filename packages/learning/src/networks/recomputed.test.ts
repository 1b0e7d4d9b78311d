import { seededRandom } from '@fedvox/base';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { TEST_ENGINES } from '../testing/engines.js';
import { dropout } from './drop-out.js';
import { type Layer, type Pass, parallelSum, sequential } from './layer.js';
import { initialWeights } from './network.js';
import { toEngineLayout } from './parameters.js';
import { recomputed } from './recomputed.js';
import { gelu, layerNorm, linear } from './token-layers.js';

const half = (name: string) =>
  sequential(
    layerNorm(`${name}.norm`, 3),
    linear(`${name}.linear`, 3, 3),
    gelu,
    dropout(name, 0.3),
  );
/** Two ways behind each other, of which the second adds its input. */
const layers = (kept: (layer: Layer) => Layer) =>
  sequential(kept(half('a')), parallelSum(kept(half('b')), gelu));

const unused = () => {
  throw new Error('these layers count nothing');
};

/** What comes out in training, and the gradients of the input and of all parameters. */
function stepOf(layer: Layer): number[][] {
  return tf.tidy(() => {
    const weights = initialWeights(layer.parameters, seededRandom('weights'));
    const inputs = [...weights.values()].map(toEngineLayout);
    const names = [...weights.keys()];
    const x = tf.randomNormal<tf.Rank.R5>([2, 4, 3, 2, 3], 0, 1, 'float32', 1);
    const dy = tf.randomNormal<tf.Rank.R5>([2, 4, 3, 2, 3], 0, 1, 'float32', 2);
    const pass = (values: tf.Tensor[]): Pass => ({
      value: (name) => values[names.indexOf(name)] as tf.Tensor,
      training: { random: seededRandom('step') },
      ...{ count: unused, supervise: unused },
    });
    const { value, grads } = tf.valueAndGrads((first, ...values) =>
      layer.apply(first as tf.Tensor5D, pass(values)),
    )([x, ...inputs], dy);
    return [value, ...grads].map((tensor) => [...tensor.dataSync()]);
  });
}

describe.each(TEST_ENGINES)('a layer on the $engine engine', ({ missing, start }) => {
  beforeAll(async () => {
    if (!missing) await start();
  });

  it.skipIf(missing)(
    'gives the same to the bit, forwards and back, where it is computed anew',
    () => {
      const before = tf.memory().numTensors;
      expect(stepOf(layers(recomputed))).toEqual(stepOf(layers((layer) => layer)));
      expect(tf.memory().numTensors).toBe(before);
    },
  );

  it.skipIf(missing)('keeps nothing but its input and its parameters until then', () => {
    const keptBy = (layer: Layer) => {
      const x = tf.variable(tf.zeros<tf.Rank.R5>([1, 2, 2, 2, 3]));
      const weights = initialWeights(layer.parameters, seededRandom('weights'));
      const values = new Map([...weights].map(([name, of]) => [name, toEngineLayout(of)]));
      let during = 0;
      const before = tf.memory().numDataBuffers;
      tf.valueAndGrad((input) => {
        const pass = { value: (name: string) => values.get(name) as tf.Tensor };
        const training = { random: seededRandom('step') };
        const y = tf.tidy(() =>
          layer.apply(input as tf.Tensor5D, {
            ...pass,
            training,
            count: unused,
            supervise: unused,
          }),
        );
        during = tf.memory().numDataBuffers - before;
        return y;
      })(x, tf.zerosLike(x));
      tf.dispose([x, ...values.values()]);
      return during;
    };
    // What comes out, and beside it what the gradients of what is not computed anew need.
    expect(keptBy(recomputed(half('a')))).toBeLessThan(keptBy(half('a')) - 3);
  });
});
