import '@tensorflow/tfjs-backend-cpu';
import type { LabelMap, Volume } from '@fedvox/imaging';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { classVolumes, imageTensor, labelTensor, storedMaps } from './tensors.js';

const affineRas = [1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1];
const shape = [2, 3, 4] as const;
/** Voxel (x, y, z) of case `offset / 1000` holds offset + 100x + 10y + z. */
const volume = (offset: number): Volume => ({
  shape,
  affineRas,
  data: Float32Array.from(
    { length: 24 },
    (_, voxel) =>
      offset + 100 * (voxel % 2) + 10 * (Math.floor(voxel / 2) % 3) + Math.floor(voxel / 6),
  ),
});

beforeAll(async () => {
  await tf.setBackend('cpu');
});

describe('volumes and tensors', () => {
  it('have x, y and z in the same places', () => {
    const images = imageTensor([volume(0), volume(1000)]);
    expect(images.shape).toEqual([2, 2, 3, 4, 1]);
    expect(images.arraySync()[1]![1]![2]![3]).toEqual([1123]);
    images.dispose();
  });

  it('hold labels as class indices', () => {
    const label: LabelMap = { shape, affineRas, data: Uint8Array.from(volume(0).data) };
    const labels = labelTensor([label]);
    expect([labels.shape, labels.dtype]).toEqual([[1, 2, 3, 4], 'int32']);
    expect(labels.arraySync()[0]![1]![2]![3]).toBe(123);
    labels.dispose();
  });

  it('come back as one volume per class', async () => {
    const maps = tf.tidy(() => {
      const [first, second] = [imageTensor([volume(0)]), imageTensor([volume(1000)])];
      return tf.squeeze<tf.Tensor4D>(storedMaps(tf.concat([first, second], 4)), [0]);
    });
    const volumes = await classVolumes(maps, volume(0));
    expect(volumes).toEqual([volume(0), volume(1000)]);
    maps.dispose();
  });
});
