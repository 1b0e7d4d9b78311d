import { softmaxSums } from '@fedvox/tfjs-backend-torch';
import * as tf from '@tensorflow/tfjs-core';
import { meanOfClasses, withoutBackground } from './counted-classes.js';
import { diceOf } from './dice-loss.js';
import { focalMeans } from './focal.js';
import type { Loss } from './loss.js';

/** MONAI's `DiceFocalLoss(to_onehot_y=True, softmax=True)`: Dice of the softmax, the focal loss of sigmoids. */
export const diceFocal: Loss<'dice-focal'> = (logits, labels, spec) => {
  const focal = withoutBackground(focalMeans(logits, labels, spec.gamma), spec.includeBackground);
  return tf.add(
    tf.mul(spec.diceWeight, diceOf(softmaxSums(logits, labels), spec)),
    tf.mul(spec.focalWeight, meanOfClasses(focal, spec)),
  );
};
