import type { LossSpec } from '@fedvox/job';
import { type SoftmaxSums, softmaxSums } from '@fedvox/tfjs-backend-torch';
import * as tf from '@tensorflow/tfjs-core';
import { counted, meanOfClasses, SMOOTH } from './counted-classes.js';
import type { Loss } from './loss.js';

/** MONAI's `DiceLoss(to_onehot_y=True, softmax=True)`: Milletari et al., 3DV 2016. */
export const dice: Loss<'dice'> = (logits, labels, spec) =>
  diceOf(softmaxSums(logits, labels), spec);

/** 1 − (2 Σpg + ε) / (Σp + Σg + ε), or with Σp², the mean over samples and classes. */
export function diceOf(sums: SoftmaxSums, spec: Omit<LossSpec<'dice'>, 'kind'>): tf.Scalar {
  const predicted = spec.squaredDenominator ? sums.squares : sums.probabilities;
  const [intersections, sizes, counts] = [sums.intersections, predicted, sums.counts].map((each) =>
    counted(each, spec),
  ) as [tf.Tensor2D, tf.Tensor2D, tf.Tensor2D];
  const overlap = tf.div(
    tf.add(tf.mul(2, intersections), SMOOTH),
    tf.add(tf.add(sizes, counts), SMOOTH),
  );
  return meanOfClasses(tf.sub(1, overlap), spec);
}
