import type {
  CastAttrs,
  CastInputs,
  KernelConfig,
  ReshapeAttrs,
  TensorInfo,
} from '@tensorflow/tfjs-core';
import { util } from '@tensorflow/tfjs-core';
import type { TorchBackend } from '../backend.js';
import { scalarTypeOf } from '../backend.js';
import { type Handle, ScalarType } from '../native.js';
import type { Torch } from '../torch.js';
import { BACKEND_NAME, kernel } from './kernel.js';

/** Kernels whose output shares the input's memory, strings included. */
export const identityKernels: readonly KernelConfig[] = [
  sharing('Identity', (x) => x.shape),
  // A string tensor's values know no shape; a numeric one gets a view of the new shape.
  stringsElse(
    sharing('Reshape', (x, attrs) => inferred(x, (attrs as ReshapeAttrs).shape)),
    kernel<{ x: unknown }, ReshapeAttrs>('Reshape', (t, { x }, { shape }) =>
      t.run('reshape', x, inferred({ shape: t.shape(x) }, shape)),
    ),
  ),
  kernel<CastInputs, CastAttrs>('Cast', (t, { x }, { dtype }) => cast(t, x, scalarTypeOf(dtype))),
];

function inferred(x: { shape: number[] }, shape: number[]): number[] {
  return util.inferFromImplicitShape(shape, util.sizeFromShape(x.shape));
}

function sharing(
  kernelName: string,
  shapeOf: (x: TensorInfo, attrs: unknown) => number[],
): KernelConfig {
  return {
    kernelName,
    backendName: BACKEND_NAME,
    kernelFunc: ({ inputs, attrs, backend }) => {
      const x = inputs['x'] as TensorInfo;
      (backend as TorchBackend).incRef(x.dataId);
      return { dataId: x.dataId, shape: shapeOf(x, attrs), dtype: x.dtype };
    },
  };
}

function stringsElse(strings: KernelConfig, numbers: KernelConfig): KernelConfig {
  return {
    ...numbers,
    kernelFunc: (call) => {
      const isString = (call.inputs['x'] as TensorInfo).dtype === 'string';
      return (isString ? strings : numbers).kernelFunc(call);
    },
  };
}

/** tfjs's casts: to bool is "not zero", from complex drops the imaginary part. */
function cast(t: Torch, x: Handle, to: ScalarType): Handle {
  const from = t.scalarType(x);
  if (from === ScalarType.complex64 && to !== from) return cast(t, t.run('real', x), to);
  if (from === ScalarType.bfloat16 && to === ScalarType.float32) return x;
  return t.cast(x, to);
}
