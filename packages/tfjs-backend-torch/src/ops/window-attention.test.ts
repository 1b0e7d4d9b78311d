import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import {
  registerGradients,
  registerTorchBackend,
  torchAvailability,
  windowAttention,
} from '../index.js';
import { windowSlices } from './window-attention.js';

const { available } = torchAvailability();

describe.each([
  { engine: 'torch', missing: !available },
  { engine: 'cpu', missing: false },
])('on the $engine engine', ({ engine, missing }) => {
  describe.skipIf(missing)('attention in windows', () => {
    beforeAll(async () => {
      if (available) await registerTorchBackend({ threads: 1 });
      await registerGradients();
      await tf.setBackend(engine);
    });

    it('gives each of many windows what it gets alone, and all of their gradients', () => {
      const [windows, tokens, heads] = [5, 120, 16];
      expect(windowSlices([windows, tokens], heads, [0])).toHaveLength(3);
      tf.tidy(() => {
        const projected = tf.randomNormal<tf.Rank.R3>(
          [windows, tokens, 3 * heads],
          0,
          1,
          'float32',
          1,
        );
        const bias = tf.randomNormal<tf.Rank.R3>([heads, tokens, tokens], 0, 1, 'float32', 2);
        const dy = tf.randomNormal<tf.Rank.R3>([windows, tokens, heads], 0, 1, 'float32', 3);
        const values = tf.randomNormal<tf.Rank.R3>([2, tokens, tokens], 0, 1, 'float32', 4);
        const kinds = [0, 2, 1, 0, 2];
        const attention = (of: readonly number[]) =>
          tf.valueAndGrads((x, b) =>
            windowAttention(x as tf.Tensor3D, b as tf.Tensor3D, { values, kinds: of }),
          );
        const together = attention(kinds)([projected, bias], dy);
        const alone = kinds.map((kind, window) => {
          const [x, weight] = [projected, dy].map((each) => tf.slice(each, window, 1));
          return attention([kind])([x as tf.Tensor, bias], weight as tf.Tensor3D);
        });
        expectClose(together.value, tf.concat(alone.map(({ value }) => value)));
        const gradientsOf = (input: number) => alone.map(({ grads }) => grads[input] as tf.Tensor);
        expectClose(together.grads[0] as tf.Tensor, tf.concat(gradientsOf(0)));
        expectClose(together.grads[1] as tf.Tensor, tf.addN(gradientsOf(1)));
      });
    });

    it.each([
      ['channels that are no whole heads', [2, 3, 6], [4, 3, 3], [0]],
      ['a bias of other windows', [2, 3, 6], [2, 4, 4], [0]],
      ['kinds that are no masks', [2, 3, 6], [2, 3, 3], [0, 2]],
      ['windows of half a sample', [2, 3, 6], [2, 3, 3], [0, 0, 0]],
    ])('refuses %s', (_, projected, bias, kinds) => {
      tf.tidy(() => {
        const ofShape = (shape: number[]) =>
          tf.zeros<tf.Rank.R3>(shape as [number, number, number]);
        const values = ofShape([1, 3, 3]);
        expect(() => windowAttention(ofShape(projected), ofShape(bias), { values, kinds })).toThrow(
          /windowAttention/,
        );
      });
    });
  });
});

function expectClose(actual: tf.Tensor, expected: tf.Tensor): void {
  expect(actual.shape).toEqual(expected.shape);
  expect(tf.max(tf.abs(tf.sub(actual, expected))).dataSync()[0]).toBeLessThan(1e-4);
}
