import type { KernelConfig, PreluInputs } from '@tensorflow/tfjs-core';
import type { Handle } from '../native.js';
import type { Torch } from '../torch.js';
import { kernel } from './kernel.js';

/** What tfjs's fused kernels may end with. */
export interface FusedActivation {
  readonly activation?: string | null;
  readonly leakyreluAlpha?: number;
}

export const activationKernels: readonly KernelConfig[] = [
  kernel<PreluInputs>('Prelu', (t, { x, alpha }) => prelu(t, x, alpha)),
];

/** x where x ≥ 0, alpha · x elsewhere; alpha broadcasts. */
export function prelu(t: Torch, x: Handle, alpha: Handle): Handle {
  return t.run('where.self', t.run('ge.Scalar', x, 0), x, t.run('mul.Tensor', x, alpha));
}

/** Applies the activation of a fused kernel, named as tfjs names it. */
export function activate(
  t: Torch,
  x: Handle,
  { activation, leakyreluAlpha }: FusedActivation,
  preluWeights: Handle | undefined,
): Handle {
  switch (activation ?? 'linear') {
    case 'linear':
      return x;
    case 'prelu':
      return prelu(t, x, preluWeights as Handle);
    case 'leakyrelu':
      return t.run('leaky_relu', x, leakyreluAlpha);
    default:
      return t.run(activation as string, x);
  }
}
