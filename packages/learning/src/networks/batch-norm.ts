import { batchNorm as normalised } from '@fedvox/tfjs-backend-torch';
import * as tf from '@tensorflow/tfjs-core';
import type { Layer, Pass } from './layer.js';
import { NORM_EPSILON, scaleAndOffset } from './norms.js';
import type { ParameterSpec } from './parameters.js';

/** The part of a batch's statistics in the running ones: PyTorch's default. */
const MOMENTUM = 0.1;

export interface BatchNormOptions {
  /** Whether the running statistics are used in training too, and stay as they are. */
  readonly frozen: boolean;
  /** Of the convolution in front, where it leaves its bias to the norm in training: the bias's name. */
  readonly bias?: string | undefined;
}

/**
 * PyTorch's `BatchNorm3d` (Ioffe and Szegedy, ICML 2015): over the batch in training, which it counts into
 * running statistics, and by those where the network is used. The running variance is of the unbiased ones,
 * so that a channel needs two values.
 */
export function batchNorm(
  name: string,
  channels: number,
  { frozen, bias }: BatchNormOptions,
): Layer {
  const affine = scaleAndOffset(name, channels);
  const statistic = (key: string, value: number): ParameterSpec => ({
    ...{ name: `${name}.${key}`, shape: [channels], role: 'statistic' },
    initial: { kind: 'constant', value },
  });
  const [mean, variance] = [statistic('running_mean', 0), statistic('running_var', 1)];

  function overBatch(x: tf.Tensor5D, { value, count }: Pass): tf.Tensor5D {
    const batch = normalised(x, { epsilon: NORM_EPSILON });
    const values = x.size / channels;
    const centre = bias === undefined ? batch.mean : tf.add(batch.mean, value(bias));
    const unbiased = tf.mul(batch.variance, values / (values - 1));
    count(mean.name, blended(value(mean.name), centre));
    count(variance.name, blended(value(variance.name), unbiased));
    return batch.y;
  }

  function byRunning(x: tf.Tensor5D, { value }: Pass): tf.Tensor5D {
    return byStatistics(x, value(mean.name), value(variance.name));
  }

  return {
    parameters: [...affine.parameters, mean, variance],
    apply(x, pass) {
      const isOfBatch = pass.training !== undefined && !frozen;
      return affine.apply(isOfBatch ? overBatch(x, pass) : byRunning(x, pass), pass);
    },
  };
}

const blended = (running: tf.Tensor, batch: tf.Tensor) =>
  tf.add(tf.mul(running, 1 - MOMENTUM), tf.mul(batch, MOMENTUM));

/** Statistics have no gradient. */
function byStatistics(x: tf.Tensor5D, mean: tf.Tensor, variance: tf.Tensor): tf.Tensor5D {
  return tf.customGrad<tf.Tensor5D>((...args) => {
    const [values, save] = args as [tf.Tensor5D, tf.GradSaveFunc];
    const inverse = tf.rsqrt(tf.add(variance, NORM_EPSILON));
    save([inverse]);
    return {
      value: tf.mul(tf.sub(values, mean), inverse),
      gradFunc: (dy, saved) => tf.mul(dy, saved[0] as tf.Tensor),
    };
  })(x);
}
