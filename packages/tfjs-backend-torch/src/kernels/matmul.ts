import {
  type _FusedMatMulAttrs,
  type _FusedMatMulInputs,
  type BatchMatMulAttrs,
  type BatchMatMulInputs,
  backend_util,
  type EinsumAttrs,
  type KernelConfig,
} from '@tensorflow/tfjs-core';
import { fail } from '../errors.js';
import type { Handle } from '../native.js';
import type { Torch } from '../torch.js';
import { activate } from './activation.js';
import { type Handles, kernel, type List, listed } from './kernel.js';

export const matmulKernels: readonly KernelConfig[] = [
  kernel<BatchMatMulInputs, BatchMatMulAttrs>('BatchMatMul', multiply),
  kernel<_FusedMatMulInputs, _FusedMatMulAttrs>('_FusedMatMul', (t, inputs, attrs) => {
    const product = multiply(t, inputs, attrs);
    const biased = inputs.bias === undefined ? product : t.run('add.Tensor', product, inputs.bias);
    return activate(t, biased, attrs, inputs.preluActivationWeights);
  }),
  kernel<List, EinsumAttrs>('Einsum', (t, inputs, { equation }) => {
    const tensors = listed(inputs);
    // ATen would take more than tfjs promises of an einsum on every backend.
    const { allDims, idDims } = backend_util.decodeEinsumEquation(equation, tensors.length);
    const shaped = tensors.map((tensor) => ({ shape: t.shape(tensor) })) as never; // All it reads.
    backend_util.checkEinsumDimSizes(allDims.length, idDims, shaped);
    return t.run('einsum', equation, tensors);
  }),
];

/** [batch…, m, k] × [batch…, k, n]; a batch of 1 broadcasts. */
function multiply(
  t: Torch,
  { a, b }: Handles<BatchMatMulInputs>,
  { transposeA, transposeB }: BatchMatMulAttrs,
): Handle {
  // ATen would take a vector for a matrix of one row or column.
  const ranks = [t.shape(a).length, t.shape(b).length];
  if (Math.min(...ranks) < 2) throw fail('not-matrices', { ranks: ranks.join(' and ') });
  const turned = (x: Handle, turn: boolean) => (turn ? t.run('transpose.int', x, -2, -1) : x);
  return t.run('matmul', turned(t.lowered(a), transposeA), turned(t.lowered(b), transposeB));
}
