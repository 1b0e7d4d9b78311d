import type {
  ClipByValueAttrs,
  EluGradInputs,
  KernelConfig,
  LeakyReluAttrs,
  StepAttrs,
  UnaryInputs,
} from '@tensorflow/tfjs-core';
import { dtypeOf } from '../backend.js';
import { type Handle, ScalarType } from '../native.js';
import type { Torch } from '../torch.js';
import { kernel } from './kernel.js';

/** tfjs kernels that are one ATen operator of one tensor. */
const SAME = {
  Abs: 'abs',
  Acos: 'acos',
  Acosh: 'acosh',
  Asin: 'asin',
  Asinh: 'asinh',
  Atan: 'atan',
  Atanh: 'atanh',
  Ceil: 'ceil',
  ComplexAbs: 'abs',
  Cos: 'cos',
  Cosh: 'cosh',
  Elu: 'elu',
  Erf: 'erf',
  Exp: 'exp',
  Expm1: 'expm1',
  Floor: 'floor',
  IsFinite: 'isfinite',
  IsInf: 'isinf',
  IsNan: 'isnan',
  Log: 'log',
  Log1p: 'log1p',
  LogicalNot: 'logical_not',
  Neg: 'neg',
  Reciprocal: 'reciprocal',
  Relu: 'relu',
  Relu6: 'relu6',
  Round: 'round',
  Rsqrt: 'rsqrt',
  Selu: 'selu',
  Sigmoid: 'sigmoid',
  Sign: 'sign',
  Sin: 'sin',
  Sinh: 'sinh',
  Softplus: 'softplus',
  Sqrt: 'sqrt',
  Square: 'square',
  Tan: 'tan',
  Tanh: 'tanh',
} as const;

/** Those that lose nothing more in bfloat16 than their input has; the others go by float32. */
const SAFE_IN_BFLOAT16: ReadonlySet<string> = new Set<keyof typeof SAME>([
  'Abs',
  'Elu',
  'LogicalNot',
  'Neg',
  'Relu',
  'Relu6',
  'Selu',
  'Sigmoid',
  'Sign',
  'Tanh',
]);

export const unaryKernels: readonly KernelConfig[] = [
  ...Object.entries(SAME).map(([name, operator]) =>
    kernel<{ x: unknown }>(name, (t, { x }) =>
      t.run(operator, SAFE_IN_BFLOAT16.has(name) ? x : t.full32(x)),
    ),
  ),
  kernel<UnaryInputs, ClipByValueAttrs>('ClipByValue', (t, { x }, attrs) =>
    t.run('clamp', x, attrs.clipValueMin, attrs.clipValueMax),
  ),
  kernel<UnaryInputs, LeakyReluAttrs>('LeakyRelu', (t, { x }, { alpha }) =>
    t.run(
      'leaky_relu',
      dtypeOf(t.scalarType(x)) === 'float32' ? x : t.cast(x, ScalarType.float32),
      alpha,
    ),
  ),
  kernel<EluGradInputs>('EluGrad', (t, { dy, y }) => t.run('elu_backward', dy, 1, 1, 1, true, y)),
  kernel<UnaryInputs, StepAttrs>('Step', (t, { x }, { alpha }) => step(t, x, alpha)),
];

/** 1 where x > 0, alpha elsewhere, NaN where x is NaN. */
function step(t: Torch, x: Handle, alpha: number): Handle {
  const positive = t.run('gt.Scalar', x, 0);
  const steps = t.run('where.Scalar', positive, 1, alpha);
  const nan = t.run('ne.Tensor', x, x);
  const type = t.scalarType(x);
  if (type === ScalarType.int32) return t.cast(steps, type);
  return t.run('masked_fill.Scalar', t.cast(steps, ScalarType.float32), nan, Number.NaN);
}
