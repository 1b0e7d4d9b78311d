import { MathBackendCPU } from '@tensorflow/tfjs-backend-cpu';
import {
  type BackendValues,
  type DataId,
  type DataType,
  getKernel,
  type KernelConfig,
  type KernelFunc,
  type NamedTensorInfoMap,
  type TensorInfo,
} from '@tensorflow/tfjs-core';
import { BACKEND_NAME, type TorchBackend } from '../backend.js';

/**
 * Kernels that no ATen operator serves: strings, ragged and sparse bookkeeping, and a few image
 * operations. They run on the host, by tfjs's own implementation, and only their values travel.
 */
export function hostKernels(kernelNames: readonly string[]): KernelConfig[] {
  return kernelNames.map((kernelName) => ({
    kernelName,
    backendName: BACKEND_NAME,
    kernelFunc: onHost(kernelName),
  }));
}

/** tfjs's cpu kernel of that name, between copies. */
export function onHost(kernelName: string): KernelFunc {
  return ({ inputs, attrs, backend }) => {
    const torch = backend as TorchBackend;
    const host = hostBackend();
    const { kernelFunc } = getKernel(kernelName, 'cpu');
    const outputs = kernelFunc({
      inputs: copied(inputs, torch, host) as NamedTensorInfoMap,
      ...(attrs && { attrs }),
      backend: host,
    });
    return copied(outputs, host, torch) as TensorInfo | TensorInfo[];
  };
}

/** A store of its own for each call: it is collected with its values. */
function hostBackend(): MathBackendCPU {
  const host = new MathBackendCPU();
  // On its first use it would advise to install a faster engine.
  return Object.assign(host, { firstUse: false });
}

/** Just enough of a backend to carry values from one to another. */
interface Store {
  readSync(dataId: DataId): BackendValues;
  write(values: BackendValues, shape: number[], dtype: DataType): DataId;
}

/** Tensors, lists of tensors or records of either (ragged kernels nest them), with their values in `to`. */
function copied(value: unknown, from: Store, to: Store): unknown {
  if (value == null) return value;
  if (Array.isArray(value)) return value.map((element) => copied(element, from, to));
  if (!('dataId' in (value as object))) {
    const entries = Object.entries(value as object);
    return Object.fromEntries(entries.map(([key, part]) => [key, copied(part, from, to)]));
  }
  const { dataId, shape, dtype } = value as TensorInfo;
  const info = { dataId: to.write(from.readSync(dataId), shape, dtype), shape, dtype };
  // Some of tfjs's kernels read the rank of what they take to be a tensor; a result must not have one.
  return to instanceof MathBackendCPU ? { ...info, rank: shape.length } : info;
}
