import {
  type CastAttrs,
  type CastInputs,
  type KernelConfig,
  type ReshapeAttrs,
  type TensorInfo,
  util,
} from '@tensorflow/tfjs-core';
import { BACKEND_NAME, scalarTypeOf, type TorchBackend } from '../backend.js';
import { type Handle, ScalarType } from '../native.js';
import type { Torch } from '../torch.js';
import { kernel } from './kernel.js';

/** Kernels whose output shares the input's memory wherever it can. */
export const identityKernels: readonly KernelConfig[] = [
  {
    kernelName: 'Identity',
    backendName: BACKEND_NAME,
    kernelFunc: ({ inputs, backend }) => {
      const { dataId, shape, dtype } = inputs['x'] as TensorInfo;
      (backend as TorchBackend).incRef(dataId);
      return { dataId, shape, dtype };
    },
  },
  kernel<{ x: unknown }, ReshapeAttrs>('Reshape', (t, { x }, { shape }) => {
    const size = util.sizeFromShape(t.shape(x));
    return t.run('reshape', x, util.inferFromImplicitShape(shape, size));
  }),
  kernel<CastInputs, CastAttrs>('Cast', (t, { x }, { dtype }) => cast(t, x, scalarTypeOf(dtype))),
];

/** tfjs's casts: to bool is "not zero", from complex drops the imaginary part. */
function cast(t: Torch, x: Handle, to: ScalarType): Handle {
  const from = t.scalarType(x);
  if (from === ScalarType.complex64 && to !== from) return cast(t, t.run('real', x), to);
  if (from === ScalarType.bfloat16 && to === ScalarType.float32) return x;
  return t.cast(x, to);
}
