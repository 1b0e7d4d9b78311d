import {
  add,
  mean,
  mul,
  rsqrt,
  square,
  sub,
  type Tensor1D,
  type Tensor5D,
} from '@tensorflow/tfjs-core';
import { type Operation, run } from './operation.js';

export interface InstanceNormOptions {
  /** Added to the variance; 1e-5, PyTorch's, when left out. */
  readonly epsilon?: number;
  /** [channels], multiplied in after normalisation; 1 when left out. */
  readonly scale?: Tensor1D;
  /** [channels], added at the end; 0 when left out. */
  readonly offset?: Tensor1D;
}

/**
 * Normalises every channel of every sample over its own volume, with the biased variance
 * (Ulyanov et al. 2016, arXiv:1607.08022; `torch.nn.functional.instance_norm`).
 * @param x [batch, depth, height, width, channels]
 * @returns the same shape
 */
export function instanceNorm(
  x: Tensor5D,
  { epsilon = 1e-5, scale, offset }: InstanceNormOptions = {},
): Tensor5D {
  const normal: Tensor5D = run(normalisation, { x }, { epsilon });
  const scaled: Tensor5D = scale === undefined ? normal : mul(normal, scale);
  return offset === undefined ? scaled : add(scaled, offset);
}

const VOLUME = [1, 2, 3];

/** Gives y, and 1 / √(variance + ε) as [batch, 1, 1, 1, channels]: these two determine the gradient. */
const normalisation: Operation<{ x: Tensor5D }, { epsilon: number }> = {
  kernelName: 'FedvoxInstanceNorm',
  composed: ({ x }, { epsilon }) => {
    const centred = sub(x, mean(x, VOLUME, true));
    const inverse = rsqrt(add(mean(square(centred), VOLUME, true), epsilon));
    return [mul(centred, inverse), inverse];
  },
  gradient: {
    outputsToSave: [true, true],
    of: (dy, saved) => {
      const [y, inverse] = saved as [Tensor5D, Tensor5D];
      return { x: () => run(inputGradient, { dy: dy as Tensor5D, y, inverse }, {}) };
    },
  },
};

type GradientInputs = { dy: Tensor5D; y: Tensor5D; inverse: Tensor5D };

const inputGradient: Operation<GradientInputs, object> = {
  kernelName: 'FedvoxInstanceNormGradient',
  composed: ({ dy, y, inverse }) => {
    const alongMean = mean(dy, VOLUME, true);
    const alongNormal = mul(y, mean(mul(dy, y), VOLUME, true));
    return mul(sub(sub(dy, alongMean), alongNormal), inverse);
  },
};
