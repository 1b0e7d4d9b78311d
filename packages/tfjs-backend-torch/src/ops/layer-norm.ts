import {
  add,
  mean,
  mul,
  ones,
  rsqrt,
  square,
  sub,
  sum,
  type Tensor,
  type Tensor1D,
  tidy,
  zeros,
} from '@tensorflow/tfjs-core';
import { misfit } from './fit.js';
import type { NormOptions } from './norms.js';
import { type Operation, run, runAll } from './operation.js';

/**
 * Normalises the channels of every place by themselves, with the biased variance (Ba et al. 2016,
 * arXiv:1607.06450; `torch.nn.functional.layer_norm`).
 * @param x [..., channels]
 * @returns the same shape
 * @throws FedvoxError `torch/misfit`
 */
export function layerNorm<T extends Tensor>(
  x: T,
  { epsilon = 1e-5, scale, offset }: NormOptions = {},
): T {
  const channels = x.shape.at(-1) as number;
  if ([scale, offset].some((values) => values !== undefined && values.shape[0] !== channels)) {
    throw misfit('layerNorm', { x, scale, offset }, 'it takes x [..., C], scale [C], offset [C]');
  }
  return tidy(() =>
    run(
      forward,
      { x, scale: scale ?? ones([channels]), offset: offset ?? zeros([channels]) },
      { epsilon },
    ),
  );
}

type Inputs = { x: Tensor; scale: Tensor1D; offset: Tensor1D };

/** Gives y, and mean and 1 / √(variance + ε) as [..., 1]. */
const forward: Operation<Inputs, { epsilon: number }> = {
  kernelName: 'FedvoxLayerNorm',
  composed: ({ x, scale, offset }, { epsilon }) => {
    const average = mean(x, -1, true);
    const centred = sub(x, average);
    const inverse = rsqrt(add(mean(square(centred), -1, true), epsilon));
    return [add(mul(mul(centred, inverse), scale), offset), average, inverse];
  },
  gradient: {
    inputsToSave: ['x', 'scale'],
    outputsToSave: [false, true, true],
    of: (dy, saved) => {
      const [x, scale, average, inverse] = saved as [Tensor, Tensor1D, Tensor, Tensor];
      // All three are made in the same passes; they go with the scope of the backward pass.
      const all = runAll(gradients, { dy, x, scale, mean: average, inverse }, {});
      const [dx, dscale, doffset] = all as [Tensor, Tensor, Tensor];
      return { x: () => dx, scale: () => dscale, offset: () => doffset };
    },
  },
};

type Normed = { dy: Tensor; x: Tensor; scale: Tensor1D; mean: Tensor; inverse: Tensor };

const gradients: Operation<Normed, object> = {
  kernelName: 'FedvoxLayerNormGradients',
  composed: ({ dy, x, scale, mean: average, inverse }) => {
    const normal = mul(sub(x, average), inverse);
    const before = mul(dy, scale);
    const alongNormal = mul(normal, mean(mul(before, normal), -1, true));
    const centred = sub(sub(before, mean(before, -1, true)), alongNormal);
    const places = Array.from({ length: x.rank - 1 }, (_, axis) => axis);
    return [mul(centred, inverse), sum(mul(dy, normal), places), sum(dy, places)];
  },
};
