import { add, erf, exp, mul, square, type Tensor } from '@tensorflow/tfjs-core';
import { type Operation, run } from './operation.js';

/**
 * x · Φ(x), with the normal distribution's Φ by the error function (Hendrycks & Gimpel 2016, arXiv:1606.08415;
 * `torch.nn.functional.gelu`).
 */
export function gelu<T extends Tensor>(x: T): T {
  return run(forward, { x }, {});
}

const forward: Operation<{ x: Tensor }, object> = {
  kernelName: 'FedvoxGelu',
  composed: ({ x }) => mul(x, distribution(x)),
  gradient: {
    inputsToSave: ['x'],
    of: (dy, [x]) => ({ x: () => run(inputGradient, { dy, x: x as Tensor }, {}) }),
  },
};

const inputGradient: Operation<{ dy: Tensor; x: Tensor }, object> = {
  kernelName: 'FedvoxGeluGradient',
  composed: ({ dy, x }) => {
    const density = mul(exp(mul(square(x), -0.5)), 1 / Math.sqrt(2 * Math.PI));
    return mul(dy, add(distribution(x), mul(x, density)));
  },
};

const distribution = (x: Tensor) => mul(add(erf(mul(x, Math.SQRT1_2)), 1), 0.5);
