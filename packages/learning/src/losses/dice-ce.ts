import { softmaxSums } from '@fedvox/tfjs-backend-torch';
import * as tf from '@tensorflow/tfjs-core';
import { crossEntropyOf } from './cross-entropy.js';
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
