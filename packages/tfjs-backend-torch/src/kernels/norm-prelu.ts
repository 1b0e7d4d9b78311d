import type { KernelConfig } from '@tensorflow/tfjs-core';
import type { Handle } from '../native.js';
import { kernel } from './kernel.js';

type Normed = { x: Handle; mean: Handle; inverse: Handle; alpha: Handle };

/** A norm with a PReLU behind it; the operators are native/src/operators/norms.cc. */
export const normPreluKernels: readonly KernelConfig[] = [
  kernel<{ x: Handle; alpha: Handle }, { groups: number; epsilon: number }>(
    'FedvoxNormPrelu',
    (t, { x, alpha }, { groups, epsilon }) =>
      t.runMany('fedvox::norm_prelu', x, alpha, groups, epsilon) as Handle[],
  ),
  kernel<Normed & { dy: Handle }>('FedvoxNormPreluSums', (t, { dy, x, mean, inverse, alpha }) =>
    t.run('fedvox::norm_prelu_sums', dy, x, mean, inverse, alpha),
  ),
  kernel<Normed & { dy: Handle; sums: Handle }>(
    'FedvoxNormPreluInputGradient',
    (t, { dy, x, mean, inverse, alpha, sums }) =>
      t.run('fedvox::norm_prelu_gradient', dy, x, mean, inverse, alpha, sums),
  ),
];
