import type { LossSpec } from '@fedvox/job';
import { type SoftmaxSums, softmaxSums } from '@fedvox/tfjs-backend-torch';
import * as tf from '@tensorflow/tfjs-core';
import type { Loss } from './loss.js';

/** PyTorch's `CrossEntropyLoss` of each voxel, or of a case where it is one voxel's; the logarithmic score of Good, JRSS B 1952. */
export const crossEntropy: Loss<'cross-entropy'> = (logits, labels, spec) =>
  crossEntropyOf(softmaxSums(logits, labels), spec);

/** The mean over voxels, weighted by their classes: `torch.nn.CrossEntropyLoss`. */
export function crossEntropyOf(
  { logs, counts }: SoftmaxSums,
  { classWeights }: Pick<LossSpec<'cross-entropy'>, 'classWeights'>,
): tf.Scalar {
  const weighted = (sums: tf.Tensor2D) =>
    tf.sum(classWeights === undefined ? sums : tf.mul(sums, tf.tensor1d(classWeights)));
  return tf.neg(tf.div(weighted(logs), weighted(counts)));
}
