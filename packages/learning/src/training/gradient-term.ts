import type * as tf from '@tensorflow/tfjs-core';

/** What the gradient of each step has besides that of the loss. It holds tensors: dispose of it. */
export interface GradientTerm {
  /** The gradients by variable with the term; what was given stays the caller's. */
  addedTo(gradients: tf.NamedTensorMap): tf.NamedTensorMap;
  dispose(): void;
}
