import { readFileSync } from 'node:fs';
import { seededRandom } from '@fedvox/base';
import type { Volume } from '@fedvox/imaging';
import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { initialModel, Network } from '../networks/network.js';
import { TEST_ENGINES } from '../testing/engines.js';
import { ballCase, ballJob } from '../testing/phantoms.js';
import { type Predictor, predictProbabilities } from './probabilities.js';
import { gaussianWeights } from './windows.js';

const affineRas = [1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1];

type Triple = [number, number, number];
const golden: {
  readonly blends: readonly {
    readonly shape: Triple;
    readonly roi: Triple;
    readonly overlap: number;
    readonly values: readonly number[];
  }[];
} = JSON.parse(readFileSync(new URL('golden/windows.json', import.meta.url), 'utf8'));

function rampOf(shape: readonly [number, number, number]): Volume {
  const length = shape[0] * shape[1] * shape[2];
  const data = Float32Array.from({ length }, (_, voxel) => Math.sin(voxel));
  return { shape, affineRas, data };
}

/** Judges every voxel by itself: however the volume is cut up, the answer must be the same. */
const voxelwise: Predictor = {
  divisor: [2, 2, 2],
  logits: (images) => tf.concat([tf.zerosLike(images), images], 4),
};
const sigmoid = (x: number) => 1 / (1 + Math.exp(-x));

function largestDifference(a: Float32Array, b: (voxel: number) => number): number {
  return a.reduce((most, value, voxel) => Math.max(most, Math.abs(value - b(voxel))), 0);
}

describe.each(TEST_ENGINES)(
  'the probabilities of a volume on the $engine engine',
  ({ missing, start }) => {
    beforeAll(async () => {
      if (!missing) await start();
    });

    it.skipIf(missing).each([
      ['whole', [5, 6, 7], undefined],
      ['in windows', [13, 9, 10], [4, 4, 6]],
      ['in a window larger than it', [3, 5, 2], [6, 6, 4]],
      ['in windows larger along one axis only', [3, 12, 5], [6, 4, 4]],
    ] as const)('cover every voxel once, %s', async (_, shape, roi) => {
      const image = rampOf(shape);
      const before = tf.memory().numTensors;
      const spec = { overlap: 0.5, ...(roi && { roi: [...roi] as [number, number, number] }) };
      const [background, foreground] = (await predictProbabilities(voxelwise, image, spec)) as [
        Volume,
        Volume,
      ];
      expect(tf.memory().numTensors).toBe(before);
      expect(foreground.shape).toEqual(shape);
      const expected = (voxel: number) => sigmoid(image.data[voxel] as number);
      expect(largestDifference(foreground.data, expected)).toBeLessThan(1e-6);
      expect(largestDifference(background.data, (voxel) => 1 - expected(voxel))).toBeLessThan(1e-6);
    });

    it.skipIf(missing)('are the mean over the mirror images of every set of axes', async () => {
      const [shape, weight] = [[3, 4, 5] as const, (k: number) => k / 10];
      // Its answer depends on where a voxel lies along x, so that mirror images differ.
      const slanted: Predictor = {
        divisor: [1, 1, 1],
        logits: (images) => {
          const [, nx] = images.shape;
          const slope = tf.reshape(tf.tensor1d(Array.from({ length: nx }, (_, x) => weight(x))), [
            ...[1, nx, 1, 1, 1],
          ]);
          return tf.concat([tf.zerosLike(images), tf.add(images, slope)], 4);
        },
      };
      const image = rampOf(shape);
      const before = tf.memory().numTensors;
      const plain = await predictProbabilities(slanted, image, { overlap: 0.5 });
      const mirrored = await predictProbabilities(slanted, image, {
        ...{ overlap: 0.5, flips: ['x', 'z'] },
      });
      expect(tf.memory().numTensors).toBe(before);
      const at = (voxel: number) => image.data[voxel] as number;
      const expected = (voxel: number) => {
        const x = voxel % 3;
        return (sigmoid(at(voxel) + weight(x)) + sigmoid(at(voxel) + weight(2 - x))) / 2;
      };
      expect(largestDifference((mirrored[1] as Volume).data, expected)).toBeLessThan(1e-6);
      expect(largestDifference((plain[1] as Volume).data, expected)).toBeGreaterThan(1e-3);
    });

    it.skipIf(missing).each(golden.blends)(
      'are blended of windows of $roi in $shape as NumPy blends them',
      async ({ shape, roi, overlap, values }) => {
        const placewise: Predictor = {
          divisor: [1, 1, 1],
          logits: (images) => {
            const [, nx, ny, nz] = images.shape;
            const along = (length: number, part: number, ...at: number[]) =>
              tf.reshape(tf.tensor1d(Array.from({ length }, (_, index) => index * part)), at);
            const place = tf.add(
              tf.add(along(nx, 1 / 2, 1, nx, 1, 1, 1), along(ny, -1, 1, 1, ny, 1, 1)),
              along(nz, 1 / 4, 1, 1, 1, nz, 1),
            );
            return tf.concat([tf.zerosLike(images), tf.add(images, place)], 4) as tf.Tensor5D;
          },
        };
        const maps = await predictProbabilities(placewise, rampOf(shape), { roi, overlap });
        const found = (maps[1] as Volume).data;
        expect(largestDifference(found, (voxel) => values[voxel] as number)).toBeLessThan(1e-6);
      },
    );

    it.skipIf(missing)('of a network that says one thing everywhere are that', async () => {
      const certain: Predictor = {
        divisor: [1, 1, 1],
        logits: (images) => tf.concat([tf.zerosLike(images), tf.fill(images.shape, 0.75)], 4),
      };
      const spec = { roi: [4, 4, 4] as Triple, overlap: 0.6 };
      const maps = await predictProbabilities(certain, rampOf([11, 5, 9]), spec);
      const [background, foreground] = maps as [Volume, Volume];
      expect(largestDifference(foreground.data, () => sigmoid(0.75))).toBeLessThan(1e-6);
      expect(largestDifference(background.data, () => sigmoid(-0.75))).toBeLessThan(1e-6);
    });

    it.skipIf(missing)('blend windows that disagree by their weights', async () => {
      const answers = [-2, 1, 3];
      const left = answers.values();
      const moody: Predictor = {
        divisor: [1, 1, 1],
        logits: (images) => {
          const window = [1, ...images.shape.slice(1)];
          const foreground = Array.from({ length: images.shape[0] }, () =>
            tf.fill(window, left.next().value as number),
          );
          return tf.concat([tf.zerosLike(images), tf.concat(foreground, 0)], 4) as tf.Tensor5D;
        },
      };
      // Starts 0, 2 and 4 along x.
      const [, foreground] = await predictProbabilities(moody, rampOf([8, 4, 4]), {
        roi: [4, 4, 4],
        overlap: 0.5,
      });
      const weights = gaussianWeights([4, 4, 4]);
      // Voxel x = 3 at y = z = 1 lies in the first window at 3 and in the second at 1.
      const row = 4 * (1 + 4 * 1);
      const [first, second] = [weights[3 + row] as number, weights[1 + row] as number];
      const expected = (first * sigmoid(-2) + second * sigmoid(1)) / (first + second);
      expect(foreground!.data[3 + 8 * (1 + 4 * 1)]).toBeCloseTo(expected, 6);
    });

    it.skipIf(missing)(
      "are the softmax of the network's logits where the volume fits as it is",
      async () => {
        const job = ballJob();
        const { image } = ballCase(seededRandom('ball'));
        const network = Network.fromWeights(job, initialModel(job));
        const before = tf.memory().numTensors;
        const [, foreground] = await predictProbabilities(network, image, job.inference);
        expect(tf.memory().numTensors).toBe(before);
        const direct = tf.tidy(() => {
          const axes = tf.transpose(tf.tensor3d(image.data, [8, 8, 8]), [2, 1, 0]);
          return tf.softmax(network.logits(tf.reshape(axes, [1, 8, 8, 8, 1]))).arraySync();
        });
        const at = (voxel: number) =>
          direct[0]![voxel % 8]![Math.floor(voxel / 8) % 8]![Math.floor(voxel / 64)]![1] as number;
        expect(largestDifference(foreground!.data, at)).toBeLessThan(1e-6);
        network.dispose();
      },
    );

    it.skipIf(missing)('refuse a window that the network cannot halve often enough', async () => {
      const spec = { roi: [5, 4, 4] as [number, number, number], overlap: 0.25 };
      await expect(predictProbabilities(voxelwise, rampOf([8, 8, 8]), spec)).rejects.toThrow(
        'the network cannot take 5×4×4 voxels: it needs multiples of 2',
      );
    });
  },
);
