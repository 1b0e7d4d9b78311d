import type {
  FillAttrs,
  KernelConfig,
  LinSpaceAttrs,
  OneHotAttrs,
  OneHotInputs,
  RangeAttrs,
} from '@tensorflow/tfjs-core';
import { util } from '@tensorflow/tfjs-core';
import { scalarTypeOf } from '../backend.js';
import { ScalarType } from '../native.js';
import { onHost } from './host.js';
import { kernel } from './kernel.js';

type X = { x: unknown };

export const creationKernels: readonly KernelConfig[] = [
  filled(
    kernel<object, FillAttrs>('Fill', (t, _, { shape, value, dtype }) =>
      t.full(shape, value as number, scalarTypeOf(dtype ?? util.inferDtype(value))),
    ),
  ),
  kernel<X>('ZerosLike', (t, { x }) => t.run('zeros_like', x)),
  kernel<X>('OnesLike', (t, { x }) => t.run('ones_like', x)),
  kernel<object, RangeAttrs>('Range', (t, _, { start, stop, step, dtype }) => {
    const type = scalarTypeOf(dtype);
    const empty = start === stop || (start < stop && step < 0) || (stop < start && step > 1);
    if (empty) return t.full([0], 0, type);
    const towards = stop < start && step === 1 ? -1 : step;
    return t.run('arange.start_step', start, stop, towards, type, null, t.device);
  }),
  kernel<object, LinSpaceAttrs>('LinSpace', (t, _, { start, stop, num }) =>
    t.run('linspace', start, stop, num, ScalarType.float32, null, t.device),
  ),
  kernel<OneHotInputs, OneHotAttrs>('OneHot', (t, { indices }, attrs) => {
    const type = scalarTypeOf(attrs.dtype);
    const classes = t.run('arange', attrs.depth, ScalarType.int32, null, t.device);
    const hits = t.run('eq.Tensor', t.run('unsqueeze', indices, -1), classes);
    const values = [attrs.onValue, attrs.offValue].map((value) => t.full([], value, type));
    return t.run('where.self', hits, ...values);
  }),
];

/** A fill with a string goes where strings go. */
function filled(numbers: KernelConfig): KernelConfig {
  return {
    ...numbers,
    kernelFunc: (call) => {
      const isString = typeof call.attrs?.['value'] === 'string';
      return (isString ? onHost(numbers.kernelName) : numbers.kernelFunc)(call);
    },
  };
}
