import type { BinaryInputs, KernelConfig } from '@tensorflow/tfjs-core';
import { type Handle, ScalarType } from '../native.js';
import type { Torch } from '../torch.js';
import { type Handles, kernel, type List, listed } from './kernel.js';

/** tfjs kernels that are one ATen operator of two broadcast tensors. */
const SAME = {
  Add: 'add.Tensor',
  Atan2: 'atan2',
  BitwiseAnd: 'bitwise_and.Tensor',
  Equal: 'eq.Tensor',
  Greater: 'gt.Tensor',
  GreaterEqual: 'ge.Tensor',
  Less: 'lt.Tensor',
  LessEqual: 'le.Tensor',
  LogicalAnd: 'logical_and',
  LogicalOr: 'logical_or',
  Maximum: 'maximum',
  Minimum: 'minimum',
  Mod: 'remainder.Tensor',
  Multiply: 'mul.Tensor',
  NotEqual: 'ne.Tensor',
  Sub: 'sub.Tensor',
} as const;

export const binaryKernels: readonly KernelConfig[] = [
  ...Object.entries(SAME).map(([name, operator]) =>
    kernel<BinaryInputs>(name, (t, { a, b }) => t.run(operator, a, b)),
  ),
  kernel<List>('AddN', (t, inputs) =>
    listed(inputs).reduce((sum, x) => t.run('add.Tensor', sum, x)),
  ),
  kernel<BinaryInputs>('FloorDiv', floorDivide),
  kernel<BinaryInputs>('Pow', power),
  kernel<BinaryInputs>('RealDiv', (t, { a, b }) => t.run('div.Tensor', t.full32(a), t.full32(b))),
  kernel<BinaryInputs>('SquaredDifference', (t, { a, b }) =>
    t.run('square', t.full32(t.run('sub.Tensor', a, b))),
  ),
];

/** Integer division by zero is an exception in ATen and infinite, cut to int32, in tfjs. */
function floorDivide(t: Torch, { a, b }: Handles<BinaryInputs>): Handle {
  const [x, y] = [t.cast(a, ScalarType.float64), t.cast(b, ScalarType.float64)];
  return t.cast(t.run('floor', t.run('div.Tensor', x, y)), ScalarType.int32);
}

/** Negative integer exponents of integers are refused by ATen; tfjs cuts the quotient to int32. */
function power(t: Torch, { a, b }: Handles<BinaryInputs>): Handle {
  if (t.scalarType(a) !== ScalarType.int32) {
    return t.run('pow.Tensor_Tensor', t.full32(a), t.full32(b));
  }
  const exact = t.run('pow.Tensor_Tensor', t.cast(a, ScalarType.float64), b);
  return t.cast(exact, ScalarType.int32);
}
