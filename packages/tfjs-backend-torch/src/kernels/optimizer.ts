import type { KernelConfig } from '@tensorflow/tfjs-core';
import type { Handle } from '../native.js';
import type { AdamAttributes } from '../ops/fused-adam.js';
import type { Torch } from '../torch.js';
import { kernel, type List, listed } from './kernel.js';

export const optimizerKernels: readonly KernelConfig[] = [
  kernel<List, AdamAttributes>('FedvoxAdam', (t, inputs, attributes) =>
    adam(t, listed(inputs), attributes),
  ),
];

/** All variables in one operator, native/src/operators/adam.cc; nothing that tfjs can see is written to. */
function adam(
  t: Torch,
  inputs: readonly Handle[],
  { learningRate, beta1, beta2, epsilon, step }: AdamAttributes,
): Handle[] {
  const count = inputs.length / 4;
  const lists = [0, 1, 2, 3].map((part) => inputs.slice(part * count, (part + 1) * count));
  const settings = [learningRate, beta1, beta2, epsilon, step];
  return t.runMany('fedvox::adam', ...lists, ...settings) as Handle[];
}
