import type { KernelConfig } from '@tensorflow/tfjs-core';
import type { Handle } from '../native.js';
import type { DiceCrossEntropyOptions } from '../ops/dice-cross-entropy.js';
import { kernel } from './kernel.js';

type Labelled = { logits: Handle; labels: Handle };

/** The operators are native/src/operators/dice-cross-entropy.cc. */
export const diceCrossEntropyKernels: readonly KernelConfig[] = [
  kernel<Labelled, DiceCrossEntropyOptions>(
    'FedvoxDiceCrossEntropy',
    (t, { logits, labels }, { includeBackground, diceWeight, crossEntropyWeight }) => {
      const weights = [diceWeight, crossEntropyWeight] as const;
      const inputs = [logits, labels] as const;
      return t.runMany(
        'fedvox::dice_cross_entropy',
        ...inputs,
        includeBackground,
        ...weights,
      ) as Handle[];
    },
  ),
  kernel<Labelled & { dy: Handle; coefficients: Handle }, DiceCrossEntropyOptions>(
    'FedvoxDiceCrossEntropyGradient',
    (t, { dy, logits, labels, coefficients }, { crossEntropyWeight }) =>
      t.run(
        'fedvox::dice_cross_entropy_gradient',
        dy,
        logits,
        labels,
        coefficients,
        crossEntropyWeight,
      ),
  ),
];
