import type { LossKind, LossSpec } from '@fedvox/job';
import type * as tf from '@tensorflow/tfjs-core';

/**
 * The loss of a batch, to be made small.
 * @param logits [batch, X, Y, Z, classes]
 * @param labels class indices, int32 [batch, X, Y, Z]
 */
export type Loss<Kind extends LossKind> = (
  logits: tf.Tensor5D,
  labels: tf.Tensor4D,
  spec: LossSpec<Kind>,
) => tf.Scalar;
