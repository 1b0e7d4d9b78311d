import {
  add,
  greater,
  maximum,
  minimum,
  mul,
  reshape,
  sum,
  type Tensor,
  type Tensor1D,
  where,
} from '@tensorflow/tfjs-core';
import { type Operation, run } from './operation.js';

/**
 * x where x > 0, alpha · x elsewhere (He et al. 2015, arXiv:1502.01852).
 * @param x [..., channels]
 * @param alpha [1], shared by all channels, or [channels]
 * @returns the shape of x
 */
export function prelu<T extends Tensor>(x: T, alpha: Tensor1D): T {
  return run(forward, { x, alpha }, {});
}

type Inputs = { x: Tensor; alpha: Tensor1D };
type GradientInputs = Inputs & { dy: Tensor };

const forward: Operation<Inputs, object> = {
  kernelName: 'FedvoxPrelu',
  composed: ({ x, alpha }) => add(maximum(x, 0), mul(minimum(x, 0), alpha)),
  gradient: {
    inputsToSave: ['x', 'alpha'],
    of: (dy, saved) => {
      const [x, alpha] = saved as [Tensor, Tensor1D];
      return {
        x: () => run(inputGradient, { dy, x, alpha }, {}),
        alpha: () => run(alphaGradient, { dy, x, alpha }, {}),
      };
    },
  },
};

const inputGradient: Operation<GradientInputs, object> = {
  kernelName: 'FedvoxPreluInputGradient',
  composed: ({ dy, x, alpha }) => where(greater(x, 0), dy, mul(dy, alpha)),
};

const alphaGradient: Operation<GradientInputs, object> = {
  kernelName: 'FedvoxPreluAlphaGradient',
  composed: ({ dy, x, alpha }) => {
    const perElement = mul(dy, minimum(x, 0));
    if (alpha.size === 1) return reshape(sum(perElement), [1]);
    return sum(
      perElement,
      Array.from({ length: x.rank - 1 }, (_, axis) => axis),
    );
  },
};
