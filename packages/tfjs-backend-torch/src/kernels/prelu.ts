import type { KernelConfig } from '@tensorflow/tfjs-core';
import { type Handle, ScalarType } from '../native.js';
import type { Torch } from '../torch.js';
import { kernel } from './kernel.js';

type Inputs = { x: Handle; alpha: Handle };
type GradientInputs = Inputs & { dy: Handle };

export const preluKernels: readonly KernelConfig[] = [
  kernel<Inputs>('FedvoxPrelu', (t, { x, alpha }) => {
    if (isShared(t, alpha)) return t.run('leaky_relu', x, t.item(alpha));
    return whereNegative(t, x, x, alpha);
  }),
  kernel<GradientInputs>('FedvoxPreluInputGradient', (t, { dy, x, alpha }) => {
    const gradient = t.cast(dy, t.scalarType(x));
    if (isShared(t, alpha)) return t.run('leaky_relu_backward', gradient, x, t.item(alpha), false);
    return whereNegative(t, x, gradient, alpha);
  }),
  kernel<GradientInputs>('FedvoxPreluAlphaGradient', (t, { dy, x, alpha }) => {
    const products = t.run('clamp_max', x, 0);
    t.mutate('mul_.Tensor', products, dy);
    const channels = t.shape(alpha)[0] as number;
    const rows = t.run('reshape', products, [-1, channels]);
    return t.run('sum.dim_IntList', rows, [0], false, ScalarType.float32);
  }),
];

/** One slope for all channels, the usual case: as a number it needs no broadcast. */
const isShared = (t: Torch, alpha: Handle) => t.shape(alpha)[0] === 1;

/** `of` where x > 0, `of` · alpha elsewhere, stored as `of` is. */
function whereNegative(t: Torch, x: Handle, of: Handle, alpha: Handle): Handle {
  const scaled = t.run('mul.Tensor', of, t.cast(alpha, t.scalarType(of)));
  return t.run('where.self', t.run('gt.Scalar', x, 0), of, scaled);
}
