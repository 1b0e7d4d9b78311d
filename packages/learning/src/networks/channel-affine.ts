import * as tf from '@tensorflow/tfjs-core';

const ALL_BUT_CHANNELS = [0, 1, 2, 3];

/**
 * Every channel times its scale, plus its offset. Its gradient is written out: in Node, TensorFlow.js comes
 * without the gradients of its own operations.
 * @param x [batch, X, Y, Z, channels]
 * @param scale [channels]
 * @param offset [channels]
 */
export function affine(x: tf.Tensor5D, scale: tf.Tensor1D, offset: tf.Tensor1D): tf.Tensor5D {
  return scaled(x, scale, offset);
}

const scaled = tf.customGrad<tf.Tensor5D>((...args) => {
  const [x, scale, offset, save] = args as [tf.Tensor5D, tf.Tensor1D, tf.Tensor1D, tf.GradSaveFunc];
  save([x, scale]);
  return {
    value: tf.add(tf.mul(x, scale), offset),
    gradFunc: (dy, saved) => {
      const [before, factor] = saved as [tf.Tensor5D, tf.Tensor1D];
      return [
        tf.mul(dy, factor),
        tf.sum(tf.mul(dy, before), ALL_BUT_CHANNELS),
        tf.sum(dy, ALL_BUT_CHANNELS),
      ];
    },
  };
});
