import type { KernelConfig } from '@tensorflow/tfjs-core';
import type { Handle } from '../native.js';
import { kernel } from './kernel.js';

type Labelled = { logits: Handle; labels: Handle };

/** The operators are native/src/operators/softmax-sums.cc. */
export const softmaxSumsKernels: readonly KernelConfig[] = [
  kernel<Labelled>('FedvoxSoftmaxSums', (t, { logits, labels }) =>
    t.run('fedvox::softmax_sums', logits, labels),
  ),
  kernel<Labelled & { dy: Handle }>('FedvoxSoftmaxSumsGradient', (t, { dy, logits, labels }) =>
    t.run('fedvox::softmax_sums_gradient', dy, logits, labels),
  ),
];
