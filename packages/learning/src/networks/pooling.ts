import * as tf from '@tensorflow/tfjs-core';
import type { Layer } from './layer.js';

/*
 * Gradients are written out: in Node, TensorFlow.js comes without those of its own operations.
 */

/** PyTorch's `MaxPool3d(kernel_size=3, stride=2, padding=1)`: n voxels become n/2, rounded up. */
export const maxPool: Layer = { parameters: [], apply: (x) => highest(bordered(x)) };

/** PyTorch's `AvgPool3d(kernel_size=2, stride=2)`: n voxels become n/2, rounded down. */
export const averagePool: Layer = { parameters: [], apply: (x) => halved(x) };

/** PyTorch's `AdaptiveAvgPool3d(1)`: one voxel is left. */
export const globalAveragePool: Layer = { parameters: [], apply: (x) => mean(x) };

const HIGHEST = { filterSize: 3, strides: 2, pad: 'valid' } as const;
const HALVED = { filterSize: 2, strides: 2, pad: 'valid' } as const;
const BORDER: [number, number][] = [
  [0, 0],
  [1, 1],
  [1, 1],
  [1, 1],
  [0, 0],
];

/** Of a border that is lower than any voxel, so that not every engine has to know of padding. */
const bordered = tf.customGrad<tf.Tensor5D>((...args) => {
  const [x] = args as [tf.Tensor5D];
  return {
    value: tf.pad(x, BORDER, Number.NEGATIVE_INFINITY),
    gradFunc: (dy) => tf.slice(dy, [0, 1, 1, 1, 0], x.shape),
  };
}) as (x: tf.Tensor5D) => tf.Tensor5D;

const highest = tf.customGrad<tf.Tensor5D>((...args) => {
  const [x, save] = args as [tf.Tensor5D, tf.GradSaveFunc];
  const value = tf.maxPool3d(x, HIGHEST.filterSize, HIGHEST.strides, HIGHEST.pad);
  save([x, value]);
  return {
    value,
    gradFunc: (dy, saved) => {
      const [input, output] = saved as [tf.Tensor5D, tf.Tensor5D];
      return tf.engine().runKernel('MaxPool3DGrad', { dy, input, output }, HIGHEST) as tf.Tensor;
    },
  };
}) as (x: tf.Tensor5D) => tf.Tensor5D;

const halved = tf.customGrad<tf.Tensor5D>((...args) => {
  const [x, save] = args as [tf.Tensor5D, tf.GradSaveFunc];
  save([x]);
  return {
    value: tf.avgPool3d(x, HALVED.filterSize, HALVED.strides, HALVED.pad),
    gradFunc: (dy, [input]) =>
      tf
        .engine()
        .runKernel('AvgPool3DGrad', { dy, input: input as tf.Tensor }, HALVED) as tf.Tensor,
  };
}) as (x: tf.Tensor5D) => tf.Tensor5D;

const mean = tf.customGrad<tf.Tensor5D>((...args) => {
  const [x] = args as [tf.Tensor5D];
  const [, ...space] = x.shape.slice(0, 4) as [number, number, number, number];
  const voxels = space.reduce((product, length) => product * length, 1);
  return {
    value: tf.mean(x, [1, 2, 3], true),
    gradFunc: (dy) => tf.tile(tf.div(dy, voxels), [1, ...space, 1]),
  };
}) as (x: tf.Tensor5D) => tf.Tensor5D;
