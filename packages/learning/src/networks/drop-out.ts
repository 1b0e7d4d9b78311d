import type { Random } from '@fedvox/base';
import * as tf from '@tensorflow/tfjs-core';
import type { Layer } from './layer.js';

/**
 * Drop-out of single values while the network is trained (Srivastava et al., JMLR 2014; PyTorch's
 * `Dropout`): what is left is divided by the part that is left.
 * @param name of this layer among the network's, on which what it leaves out depends
 * @param rate the part that is left out, in [0, 1)
 */
export function dropout(name: string, rate: number): Layer {
  return dropped(name, rate, (shape) => shape);
}

/** The same of whole channels of a sample (Tompson et al., CVPR 2015; PyTorch's `Dropout3d`). */
export function channelDropout(name: string, rate: number): Layer {
  return dropped(name, rate, ([batch, , , , channels]) => [batch, 1, 1, 1, channels]);
}

/** The same of whole samples (Huang et al., ECCV 2016; MONAI's `DropPath`). */
export function sampleDropout(name: string, rate: number): Layer {
  return dropped(name, rate, ([batch]) => [batch, 1, 1, 1, 1]);
}

type Shape = tf.Tensor5D['shape'];

function dropped(name: string, rate: number, maskShape: (shape: Shape) => Shape): Layer {
  return {
    parameters: [],
    apply(x, { training }) {
      if (training === undefined || rate === 0) return x;
      return masked(x, maskOf(maskShape(x.shape), rate, training.random.fork(name)));
    },
  };
}

function maskOf(shape: Shape, rate: number, random: Random): tf.Tensor5D {
  const mask = new Float32Array(tf.util.sizeFromShape(shape));
  const kept = 1 / (1 - rate);
  for (let index = 0; index < mask.length; index++)
    mask[index] = random.uniform() < rate ? 0 : kept;
  return tf.tensor5d(mask, shape);
}

/** A product whose second factor has no gradient. */
function masked(x: tf.Tensor5D, mask: tf.Tensor5D): tf.Tensor5D {
  return tf.customGrad<tf.Tensor5D>((...args) => {
    const [values, save] = args as [tf.Tensor5D, tf.GradSaveFunc];
    save([mask]);
    return {
      value: tf.mul(values, mask),
      gradFunc: (dy, saved) => tf.mul(dy, saved[0] as tf.Tensor5D),
    };
  })(x);
}
