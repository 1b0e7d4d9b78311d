import type { KernelConfig } from '@tensorflow/tfjs-core';
import type { Handle } from '../native.js';
import type { AdamAttributes } from '../ops/fused-adam.js';
import type { Torch } from '../torch.js';
import { kernel } from './kernel.js';

export const optimizerKernels: readonly KernelConfig[] = [
  kernel<Record<number, unknown>, AdamAttributes>('FedvoxAdam', (t, inputs, attributes) =>
    adam(t, Object.values(inputs), attributes),
  ),
];

/** Every list is walked by one operator; nothing that tfjs can still see is written to. */
function adam(
  t: Torch,
  inputs: readonly Handle[],
  { learningRate, beta1, beta2, epsilon, step }: AdamAttributes,
): Handle[] {
  const count = inputs.length / 4;
  const part = (index: number) => inputs.slice(index * count, (index + 1) * count);
  const [values, gradients, firsts, seconds] = [part(0), part(1), part(2), part(3)];
  const each = (operator: string, ...args: Parameters<Torch['runMany']>[1][]) =>
    t.runMany(operator, ...args) as Handle[];

  const first = each('_foreach_mul.Scalar', firsts, beta1);
  t.mutate('_foreach_add_.List', first, gradients, 1 - beta1);
  const second = each('_foreach_mul.Scalar', seconds, beta2);
  t.mutate('_foreach_addcmul_.Scalar', second, gradients, gradients, 1 - beta2);
  const spread = each('_foreach_sqrt', second);
  t.mutate('_foreach_div_.Scalar', spread, Math.sqrt(1 - beta2 ** step));
  t.mutate('_foreach_add_.Scalar', spread, epsilon);
  // Not `_foreach_addcdiv`: on a processor it takes several times as long as these two.
  const direction = each('_foreach_div.List', first, spread);
  const stepSize = -learningRate / (1 - beta1 ** step);
  return [...each('_foreach_add.List', values, direction, stepSize), ...first, ...second];
}
