import type { LossSpec } from '@fedvox/job';
import { diceCrossEntropy as diceCrossEntropyOf } from '@fedvox/tfjs-backend-torch';
import type * as tf from '@tensorflow/tfjs-core';

/**
 * The job's loss: Dice plus cross-entropy, as MONAI's `DiceCELoss(to_onehot_y=True, softmax=True)`.
 * @param logits [batch, X, Y, Z, classes]
 * @param labels class indices, int32 [batch, X, Y, Z]
 */
export function diceCrossEntropy(
  logits: tf.Tensor5D,
  labels: tf.Tensor4D,
  { includeBackground, diceWeight, crossEntropyWeight }: LossSpec,
): tf.Scalar {
  return diceCrossEntropyOf(logits, labels, { includeBackground, diceWeight, crossEntropyWeight });
}
