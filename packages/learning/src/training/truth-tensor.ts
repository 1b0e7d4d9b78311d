import { assert } from '@fedvox/base';
import * as tf from '@tensorflow/tfjs-core';
import { labelTensor } from '../tensors.js';
import type { Batch } from './batches.js';

/** Class indices that logits are held to, int32 [batch, X, Y, Z]; of cases as a whole [batch, 1, 1, 1]. */
export function truthTensor(batch: Batch): tf.Tensor4D {
  const labels = batch.flatMap((one) => ('label' in one ? one.label : []));
  if (labels.length === batch.length) return labelTensor(labels);
  const classes = batch.flatMap((one) => ('caseClass' in one ? one.caseClass : []));
  assert(classes.length === batch.length, 'cases of one job are labelled alike');
  return tf.tensor4d(classes, [batch.length, 1, 1, 1], 'int32');
}
