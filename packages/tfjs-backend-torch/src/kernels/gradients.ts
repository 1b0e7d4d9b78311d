import type { KernelConfig } from '@tensorflow/tfjs-core';
import type { Handle } from '../native.js';
import {
  CLIPPING_EPSILON,
  type ClipByNormAttributes,
  type ClipByValueAttributes,
} from '../ops/clipping.js';
import type { AccumulationAttributes } from '../ops/gradient-accumulator.js';
import { kernel, type List, listed } from './kernel.js';

/** What is done with the gradients of all variables at once. */
export const gradientKernels: readonly KernelConfig[] = [
  kernel<List, ClipByNormAttributes>('FedvoxClipByGlobalNorm', (t, inputs, { maxNorm }) => {
    const tensors = listed(inputs);
    const norms = t.runMany('_foreach_norm.Scalar', tensors, 2) as Handle[];
    const norm = t.run('linalg_vector_norm', t.run('stack', norms));
    // On a GPU this waits, once a step; below the limit, which is most of the time, nothing is copied.
    const scale = Math.min(1, maxNorm / (t.item(norm) + CLIPPING_EPSILON));
    if (scale === 1) return [norm, ...tensors];
    return [norm, ...(t.runMany('_foreach_mul.Scalar', tensors, scale) as Handle[])];
  }),
  // One by one: a single pass over each, where libtorch's operators for lists take two (and 1.13 has none).
  kernel<List, ClipByValueAttributes>('FedvoxClipByValue', (t, inputs, { limit }) =>
    listed(inputs).map((tensor) => t.run('clamp', tensor, -limit, limit)),
  ),
  kernel<List, AccumulationAttributes>('FedvoxAccumulate', (t, inputs, { weight, count }) => {
    const list = listed(inputs);
    const [sums, gradients] = [list.slice(0, -count), list.slice(-count)];
    // The first sums are memory of their own: two gradients may share theirs.
    if (sums.length === 0) return t.runMany('_foreach_mul.Scalar', gradients, weight) as Handle[];
    t.mutate('_foreach_add_.List', sums, gradients, weight);
    return sums;
  }),
];
