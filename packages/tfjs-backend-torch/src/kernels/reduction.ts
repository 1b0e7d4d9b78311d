import {
  type AllAttrs,
  type AllInputs,
  type ArgMaxAttrs,
  type ArgMaxInputs,
  type CumsumAttrs,
  type CumsumInputs,
  type KernelConfig,
  type MaxAttrs,
  util,
} from '@tensorflow/tfjs-core';
import { dtypeOf } from '../backend.js';
import { type Handle, ScalarType } from '../native.js';
import type { Torch } from '../torch.js';
import { kernel } from './kernel.js';

type X = { x: unknown };
/** Every reduction's attributes have this form; ArgMax and ArgMin have no `keepDims`. */
type Axes = { axis?: number | readonly number[]; keepDims?: boolean };

export const reductionKernels: readonly KernelConfig[] = [
  kernel<X, Axes>('Sum', (t, { x }, attrs) => {
    const stored = t.scalarType(x);
    const type = sumType(stored);
    return overAxes(t, x, attrs, (dims, keep) =>
      stored === ScalarType.bfloat16 && !keep && areAllButLast(t, x, dims)
        ? t.run('fedvox::channel_sums', x)
        : t.run('sum.dim_IntList', x, dims, keep, type),
    );
  }),
  kernel<X, Axes>('Mean', (t, { x }, attrs) => {
    const type = ScalarType.float32;
    const means = overAxes(t, x, attrs, (dims, keep) => t.run('mean.dim', x, dims, keep, type));
    return t.cast(means, type);
  }),
  kernel<X, MaxAttrs>('Max', (t, { x }, { reductionIndices: axis, keepDims }) =>
    overAxes(t, x, { axis, keepDims }, (dims, keep) => t.full32(t.run('amax', x, dims, keep))),
  ),
  kernel<X, Axes>('Min', (t, { x }, attrs) =>
    overAxes(t, x, attrs, (dims, keep) => t.full32(t.run('amin', x, dims, keep))),
  ),
  kernel<X, Axes>('Prod', (t, { x }, attrs) => {
    const isFloat = dtypeOf(t.scalarType(x)) === 'float32';
    const type = isFloat ? ScalarType.float32 : ScalarType.int32;
    return oneByOne(t, x, attrs, (of, dim, keep) => t.run('prod.dim_int', of, dim, keep, type));
  }),
  kernel<AllInputs, AllAttrs>('All', (t, { x }, attrs) =>
    oneByOne(t, x, attrs, (of, dim, keep) => t.run('all.dim', of, dim, keep)),
  ),
  kernel<AllInputs, AllAttrs>('Any', (t, { x }, attrs) =>
    oneByOne(t, x, attrs, (of, dim, keep) => t.run('any.dim', of, dim, keep)),
  ),
  kernel<ArgMaxInputs, ArgMaxAttrs>('ArgMax', (t, { x }, { axis }) =>
    t.run('argmax', withoutNaN(t, x, Number.NEGATIVE_INFINITY), ...axesOf(t, x, { axis })),
  ),
  kernel<ArgMaxInputs, ArgMaxAttrs>('ArgMin', (t, { x }, { axis }) =>
    t.run('argmin', withoutNaN(t, x, Number.POSITIVE_INFINITY), ...axesOf(t, x, { axis })),
  ),
  kernel<CumsumInputs, CumsumAttrs>('Cumsum', (t, { x }, attrs) =>
    cumulative(t, x, attrs, 'cumsum', 0),
  ),
  kernel<CumsumInputs, CumsumAttrs>('Cumprod', (t, { x }, attrs) =>
    cumulative(t, x, attrs, 'cumprod', 1),
  ),
];

/** tfjs counts booleans; whatever floats are stored in, sums are float32. */
function sumType(type: ScalarType): ScalarType {
  if (type === ScalarType.bool) return ScalarType.int32;
  return type === ScalarType.bfloat16 ? ScalarType.float32 : type;
}

function areAllButLast(t: Torch, x: Handle, dims: readonly number[]): boolean {
  const rank = t.shape(x).length;
  return dims.length === rank - 1 && !dims.includes(rank - 1);
}

/** Axes as tfjs gives them: undefined is all of them, negative ones count from the end. */
function axesOf(t: Torch, x: Handle, { axis }: Axes): number[] {
  return util.parseAxisParam(axis as number | number[], t.shape(x));
}

/** To ATen NaN is the greatest and the smallest number, to tfjs neither; and ATen ranks no booleans. */
export function withoutNaN(t: Torch, x: Handle, instead: number): Handle {
  const type = t.scalarType(x);
  if (type === ScalarType.bool) return t.cast(x, ScalarType.int32);
  if (type === ScalarType.int32) return x;
  return t.run('masked_fill.Scalar', x, t.run('isnan', x), instead);
}

/** To ATen an empty list of axes means all of them, to tfjs none. */
function overAxes(
  t: Torch,
  x: Handle,
  attrs: Axes,
  reduce: (dims: number[], keepDims: boolean) => Handle,
): Handle {
  const dims = axesOf(t, x, attrs);
  if (dims.length === 0 && t.shape(x).length > 0) return x;
  return reduce(dims, attrs.keepDims ?? false);
}

/** For operators that take one axis at a time: from the last, so that the others keep their places. */
function oneByOne(
  t: Torch,
  x: Handle,
  attrs: Axes,
  reduce: (of: Handle, dim: number, keepDims: boolean) => Handle,
): Handle {
  const dims = axesOf(t, x, attrs).sort((a, b) => b - a);
  return dims.reduce<Handle>((reduced, dim) => reduce(reduced, dim, attrs.keepDims ?? false), x);
}

/** `exclusive` shifts by one, starting from the operation's neutral element; `reverse` runs backwards. */
function cumulative(
  t: Torch,
  x: Handle,
  { axis, exclusive, reverse }: CumsumAttrs,
  operator: 'cumsum' | 'cumprod',
  neutral: number,
): Handle {
  const ordered = reverse ? t.run('flip', x, [axis]) : x;
  let sums = t.run(operator, ordered, axis, sumType(t.scalarType(x)));
  if (exclusive) {
    const shape = t.shape(x);
    const first = t.full(
      shape.map((length, dim) => (dim === axis ? 1 : length)),
      neutral,
      t.scalarType(x),
    );
    const rest = t.run('narrow', sums, axis, 0, (shape[axis] ?? 1) - 1);
    sums = t.run('cat', [first, rest], axis);
  }
  return reverse ? t.run('flip', sums, [axis]) : sums;
}
