import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { addToRegion, registerTorchBackend, torchAvailability } from '../index.js';

const available = torchAvailability().available;

describe.each([
  { engine: 'torch', missing: !available },
  { engine: 'cpu', missing: false },
])('sums of patches on the $engine engine', ({ engine, missing }) => {
  beforeAll(async () => {
    if (available) await registerTorchBackend({ threads: 1 });
    if (!missing) await tf.setBackend(engine);
  });

  it.skipIf(missing)('grow where the patches lie, and take the place of those before', () => {
    const before = tf.memory().numTensors;
    const patch = tf.tensor2d([1, 2, 3, 4], [2, 2]);
    let sums = tf.zeros<tf.Rank.R2>([3, 4]);
    for (const begin of [
      [0, 0],
      [1, 1],
      [1, 2],
    ] as const)
      sums = addToRegion(sums, patch, begin);
    expect(sums.arraySync()).toEqual([
      [1, 2, 0, 0],
      [3, 5, 3, 2],
      [0, 3, 7, 4],
    ]);
    expect(patch.arraySync()).toEqual([
      [1, 2],
      [3, 4],
    ]);
    expect(tf.memory().numTensors).toBe(before + 2);
    tf.dispose([sums, patch]);
  });

  it.skipIf(missing)('refuse a patch that reaches over the edge', () => {
    const [sums, patch] = [tf.zeros([3, 4]), tf.ones([2, 2])];
    expect(() => addToRegion(sums, patch, [2, 0])).toThrow('a patch lies inside the sums');
    expect(() => addToRegion(sums, patch, [0, -1])).toThrow('a patch lies inside the sums');
    tf.dispose([sums, patch]);
  });
});
