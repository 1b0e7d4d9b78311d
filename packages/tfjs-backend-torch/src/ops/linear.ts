import {
  add,
  matMul,
  reshape,
  sum,
  type Tensor,
  type Tensor1D,
  type Tensor2D,
} from '@tensorflow/tfjs-core';
import { misfit } from './fit.js';
import { type Operation, run } from './operation.js';

/**
 * A matrix product over the last axis (`torch.nn.functional.linear`).
 * @param x [..., inputs]
 * @param weight [outputs, inputs], as PyTorch keeps it
 * @param bias [outputs]; 0 when left out
 * @returns [..., outputs]
 * @throws FedvoxError `torch/misfit`
 */
export function linear<T extends Tensor>(x: T, weight: Tensor2D, bias?: Tensor1D): T {
  const [outputs, inputs] = weight.shape;
  if (x.shape.at(-1) !== inputs || (bias !== undefined && bias.shape[0] !== outputs)) {
    const problem = 'it takes x [..., inputs], weight [outputs, inputs], bias [outputs]';
    throw misfit('linear', { x, weight, bias }, problem);
  }
  return run(forward, { x, weight, bias }, {});
}

type Inputs = { x: Tensor; weight: Tensor2D; bias?: Tensor1D | undefined };

const forward: Operation<Inputs, object> = {
  kernelName: 'FedvoxLinear',
  composed: ({ x, weight, bias }) => {
    const product = matMul(rows(x), weight, false, true);
    const y = bias === undefined ? product : add(product, bias);
    return reshape(y, [...x.shape.slice(0, -1), weight.shape[0]]);
  },
  gradient: {
    inputsToSave: ['x', 'weight'],
    of: (dy, saved) => {
      const [x, weight] = saved as [Tensor, Tensor2D];
      return {
        x: () => reshape(matMul(rows(dy), weight), x.shape),
        weight: () => matMul(rows(dy), rows(x), true),
        bias: () => sum(rows(dy), 0),
      };
    },
  },
};

const rows = (x: Tensor): Tensor2D => reshape(x, [-1, x.shape.at(-1) as number]);
