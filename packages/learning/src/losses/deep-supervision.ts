import * as tf from '@tensorflow/tfjs-core';
import type { Supervised } from '../networks/layer.js';

/**
 * The mean of the losses of all that is held to the labels, by their weights: deep supervision (Lee et al.,
 * AISTATS 2015), as nnU-Net weighs it.
 */
export function supervisedLoss(
  outputs: readonly Supervised[],
  lossOf: (logits: tf.Tensor5D) => tf.Scalar,
): tf.Scalar {
  const [first, ...others] = outputs as [Supervised, ...Supervised[]];
  if (others.length === 0) return lossOf(first.logits);
  const total = outputs.reduce((sum, { weight }) => sum + weight, 0);
  return outputs
    .map(({ logits, weight }) => tf.mul<tf.Scalar>(lossOf(logits), weight / total))
    .reduce((sum, loss) => tf.add(sum, loss));
}
