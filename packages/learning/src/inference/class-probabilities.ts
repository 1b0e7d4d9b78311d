import type { Volume } from '@fedvox/imaging';
import * as tf from '@tensorflow/tfjs-core';
import { fail } from '../errors.js';
import { imageTensor } from '../tensors.js';
import type { Predictor } from './probabilities.js';

/**
 * What the network makes of a case as a whole: the probability of each class, summing to 1.
 * @param image preprocessed as the job says
 * @throws FedvoxError `learning/class-not-finite`
 */
export async function classProbabilities(
  network: Pick<Predictor, 'logits'>,
  image: Volume,
): Promise<readonly number[]> {
  const probabilities = tf.tidy(() => tf.softmax(network.logits(imageTensor([image]))));
  const values = [...(await probabilities.data())];
  probabilities.dispose();
  if (values.some(Number.isNaN)) throw fail('class-not-finite', {});
  return values;
}
