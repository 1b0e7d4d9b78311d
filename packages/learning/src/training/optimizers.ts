import type { OptimizerSpec } from '@fedvox/job';
import { FusedAdam } from '@fedvox/tfjs-backend-torch';
import * as tf from '@tensorflow/tfjs-core';

/** The optimizer that a job names, with nothing in its memory yet. It holds tensors: dispose of it. */
export function optimizerOf(spec: OptimizerSpec): tf.Optimizer {
  switch (spec.kind) {
    case 'adam': {
      const { learningRate, beta1, beta2, epsilon } = spec;
      return new FusedAdam({ learningRate, beta1, beta2, epsilon });
    }
    case 'sgd':
      return tf.train.sgd(spec.learningRate);
  }
}
