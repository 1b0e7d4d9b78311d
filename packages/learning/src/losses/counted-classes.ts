import type { LossSpec } from '@fedvox/job';
import * as tf from '@tensorflow/tfjs-core';

/** Added to both parts of a fraction, MONAI's `smooth_nr` and `smooth_dr`. */
export const SMOOTH = 1e-5;

type OverlapTerms = Pick<LossSpec<'tversky'>, 'includeBackground' | 'batch'>;

/**
 * The sums that a loss of overlap compares.
 * @param sums [batch, classes]
 * @returns [batch, counted classes]; [1, counted classes] where the batch is counted as one case
 */
export function counted(sums: tf.Tensor2D, { includeBackground, batch }: OverlapTerms) {
  const ofClasses = withoutBackground(sums, includeBackground);
  return batch ? tf.sum<tf.Tensor2D>(ofClasses, 0, true) : ofClasses;
}

/** @param values [batch, classes] */
export function withoutBackground(values: tf.Tensor2D, includeBackground: boolean): tf.Tensor2D {
  return includeBackground ? values : tf.slice(values, [0, 1], [-1, -1]);
}

/**
 * The mean over samples and classes, the classes weighted as MONAI weighs them: a lone class is not.
 * @param values [samples, counted classes]
 */
export function meanOfClasses(
  values: tf.Tensor2D,
  { classWeights }: Pick<LossSpec<'dice'>, 'classWeights'>,
): tf.Scalar {
  const count = values.shape[1];
  if (classWeights === undefined || count === 1) return tf.mean(values);
  return tf.mean(tf.mul(values, tf.tensor1d(classWeights.slice(-count))));
}
