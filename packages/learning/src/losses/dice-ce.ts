import type { LossSpec } from '@fedvox/job';
import { type SoftmaxSums, softmaxSums } from '@fedvox/tfjs-backend-torch';
import * as tf from '@tensorflow/tfjs-core';
import { diceOf } from './dice-loss.js';
import type { Loss } from './loss.js';

/** MONAI's `DiceCELoss(to_onehot_y=True, softmax=True)`; in the cross-entropy the background has a share always. */
export const diceCrossEntropy: Loss<'dice-ce'> = (logits, labels, spec) => {
  const sums = softmaxSums(logits, labels);
  return tf.add(
    tf.mul(spec.diceWeight, diceOf(sums, spec)),
    tf.mul(spec.crossEntropyWeight, crossEntropyOf(sums, spec)),
  );
};

/** The mean over voxels, weighted by their classes: `torch.nn.CrossEntropyLoss`. */
function crossEntropyOf(
  { logs, counts }: SoftmaxSums,
  { classWeights }: Pick<LossSpec<'dice-ce'>, 'classWeights'>,
): tf.Scalar {
  const weighted = (sums: tf.Tensor2D) =>
    tf.sum(classWeights === undefined ? sums : tf.mul(sums, tf.tensor1d(classWeights)));
  return tf.neg(tf.div(weighted(logs), weighted(counts)));
}
