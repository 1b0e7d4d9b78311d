import type { LossKind, LossSpec } from '@fedvox/job';
import type * as tf from '@tensorflow/tfjs-core';
import { crossEntropy } from './cross-entropy.js';
import { diceCrossEntropy } from './dice-ce.js';
import { diceFocal } from './dice-focal.js';
import { dice } from './dice-loss.js';
import type { Loss } from './loss.js';
import { tversky } from './tversky.js';

const LOSSES: { readonly [Kind in LossKind]: Loss<Kind> } = {
  'dice-ce': diceCrossEntropy,
  dice,
  'dice-focal': diceFocal,
  tversky,
  'cross-entropy': crossEntropy,
};

/**
 * The loss that a job names.
 * @param logits [batch, X, Y, Z, classes]
 * @param labels class indices, int32 [batch, X, Y, Z]
 */
export function lossOf(logits: tf.Tensor5D, labels: tf.Tensor4D, spec: LossSpec): tf.Scalar {
  // What a job says of a kind is what the row of that kind takes, which a lookup cannot express.
  const loss = LOSSES[spec.kind] as Loss<LossKind>;
  return loss(logits, labels, spec);
}
