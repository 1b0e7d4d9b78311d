import { assert } from '@fedvox/base';
import {
  add,
  addN,
  div,
  minimum,
  mul,
  type Scalar,
  scalar,
  sqrt,
  square,
  sum,
  type Tensor,
  clipByValue as tensorClipByValue,
} from '@tensorflow/tfjs-core';
import { type Operation, runAll } from './operation.js';

/** PyTorch's: keeps the quotient finite where every gradient is zero. */
export const CLIPPING_EPSILON = 1e-6;

export interface ClippedByNorm {
  /** One for each tensor, in their order. */
  readonly clipped: Tensor[];
  /** The 2-norm of all values together, before clipping. */
  readonly norm: Scalar;
}

/**
 * Scales tensors by one factor so that the 2-norm of all their values together is at most `maxNorm`, as
 * PyTorch's `clip_grad_norm_` does (Pascanu et al. 2013, arXiv:1211.5063): by
 * min(1, maxNorm / (norm + 1e-6)). A norm that is not a number makes every value so, as there.
 * The inputs stay the caller's.
 */
export function clipByGlobalNorm(tensors: readonly Tensor[], maxNorm: number): ClippedByNorm {
  assert(maxNorm >= 0, 'a norm is not negative');
  if (tensors.length === 0) return { clipped: [], norm: scalar(0) };
  const [norm, ...clipped] = runAll(byGlobalNorm, tensors, { maxNorm });
  return { clipped, norm: norm as Scalar };
}

/**
 * Every value brought into [−limit, limit], as PyTorch's `clip_grad_value_` does. The inputs stay the
 * caller's.
 */
export function clipByValue(tensors: readonly Tensor[], limit: number): Tensor[] {
  assert(limit >= 0, 'a limit on both sides of zero is not negative');
  return tensors.length === 0 ? [] : runAll(byValue, tensors, { limit });
}

export interface ClipByNormAttributes {
  readonly maxNorm: number;
}

export interface ClipByValueAttributes {
  readonly limit: number;
}

/** Gives the norm, then the clipped tensors. */
const byGlobalNorm: Operation<readonly Tensor[], ClipByNormAttributes> = {
  kernelName: 'FedvoxClipByGlobalNorm',
  composed: (inputs, { maxNorm }) => {
    const tensors = Object.values(inputs);
    const norm = sqrt(addN(tensors.map((tensor) => sum(square(tensor)))));
    const scale = minimum(1, div(maxNorm, add(norm, CLIPPING_EPSILON)));
    return [norm, ...tensors.map((tensor) => mul(tensor, scale))];
  },
};

const byValue: Operation<readonly Tensor[], ClipByValueAttributes> = {
  kernelName: 'FedvoxClipByValue',
  composed: (inputs, { limit }) =>
    Object.values(inputs).map((tensor) => tensorClipByValue(tensor, -limit, limit)),
};
