import type { KernelConfig } from '@tensorflow/tfjs-core';
import type { Handle } from '../native.js';
import type { AdamAttributes } from '../ops/fused-adam.js';
import { runsOf } from '../ops/fused-optimizer.js';
import type { SgdAttributes } from '../ops/fused-sgd.js';
import type { Torch } from '../torch.js';
import { kernel, type List, listed } from './kernel.js';

/** All variables at once; nothing that tfjs can see is written to. */
export const optimizerKernels: readonly KernelConfig[] = [
  kernel<List, AdamAttributes>('FedvoxAdam', (t, inputs, attributes) =>
    adam(t, listed(inputs), attributes),
  ),
  kernel<List, SgdAttributes>('FedvoxSgd', (t, inputs, attributes) =>
    sgd(t, listed(inputs), attributes),
  ),
];

/** In one operator, native/src/operators/adam.cc. */
function adam(
  t: Torch,
  inputs: readonly Handle[],
  { learningRate, beta1, beta2, epsilon, weightDecay, decoupled, step }: AdamAttributes,
): Handle[] {
  const settings = [learningRate, beta1, beta2, epsilon, weightDecay, decoupled, step];
  return t.runMany('fedvox::adam', ...runsOf(inputs, 4), ...settings) as Handle[];
}

function sgd(
  t: Torch,
  inputs: readonly Handle[],
  { learningRate, momentum, nesterov, weightDecay }: SgdAttributes,
): Handle[] {
  const [values = [], gradients = [], before] = runsOf(inputs, momentum === 0 ? 2 : 3);
  const times = (list: Handle[], factor: number) =>
    t.runMany('_foreach_mul.Scalar', list, factor) as Handle[];
  const sum = (list: Handle[], others: Handle[], factor: number) =>
    t.runMany('_foreach_add.List', list, others, factor) as Handle[];
  const decayed = weightDecay === 0 ? gradients : sum(gradients, values, weightDecay);
  const velocities = before === undefined ? [] : sum(times(before, momentum), decayed, 1);
  const directions =
    before === undefined ? decayed : nesterov ? sum(decayed, velocities, momentum) : velocities;
  return [...sum(times(directions, -learningRate), values, 1), ...velocities];
}
