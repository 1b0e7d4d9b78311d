import { softmaxSums } from '@fedvox/tfjs-backend-torch';
import * as tf from '@tensorflow/tfjs-core';
import { counted, SMOOTH } from './counted-classes.js';
import type { Loss } from './loss.js';

/**
 * MONAI's `TverskyLoss(to_onehot_y=True, softmax=True)`: Salehi, Erdogmus and Gholipour, MLMI 2017. With true
 * positives Σpg, false positives Σp(1 − g) and false negatives Σ(1 − p)g it is 1 − (TP + ε) / (TP + α FP + β FN + ε),
 * the mean over samples and classes.
 */
export const tversky: Loss<'tversky'> = (logits, labels, spec) => {
  const { intersections, probabilities, counts } = softmaxSums(logits, labels);
  const found = counted(intersections, spec);
  const falsePositives = tf.sub(counted(probabilities, spec), found);
  const falseNegatives = tf.sub(counted(counts, spec), found);
  const wrong = tf.add(tf.mul(spec.alpha, falsePositives), tf.mul(spec.beta, falseNegatives));
  const right = tf.add(found, SMOOTH);
  return tf.mean(tf.sub(1, tf.div(right, tf.add(right, wrong))));
};
