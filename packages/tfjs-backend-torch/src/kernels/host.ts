import { MathBackendCPU } from '@tensorflow/tfjs-backend-cpu';
import {
  type BackendValues,
  type DataId,
  getKernel,
  type KernelConfig,
  type KernelFunc,
  type TensorInfo,
} from '@tensorflow/tfjs-core';
import type { TorchBackend } from '../backend.js';
import { BACKEND_NAME } from './kernel.js';

/**
 * Kernels that ATen has no operator for: strings, ragged and sparse bookkeeping, and a few image
 * operations. They run on the host, by tfjs's own implementation, and only their values travel.
 */
const HOST_KERNELS = ['NonMaxSuppressionV3'] as const;

export function hostKernels(names: readonly string[] = HOST_KERNELS): KernelConfig[] {
  return names.map((kernelName) => ({
    kernelName,
    backendName: BACKEND_NAME,
    kernelFunc: onHost(kernelName),
  }));
}

function onHost(kernelName: string): KernelFunc {
  return ({ inputs, attrs, backend }) => {
    const torch = backend as TorchBackend;
    const host = hostBackend();
    const copies = Object.entries(inputs).map(([name, input]) => {
      return [name, input == null ? input : moved(input, torch, host)] as const;
    });
    const named = Array.isArray(inputs)
      ? copies.map(([, copy]) => copy)
      : Object.fromEntries(copies);
    const { kernelFunc } = getKernel(kernelName, 'cpu');
    const outputs = kernelFunc({
      inputs: named as typeof inputs,
      ...(attrs && { attrs }),
      backend: host,
    });
    return Array.isArray(outputs)
      ? outputs.map((output) => moved(output, host, torch))
      : moved(outputs, host, torch);
  };
}

/** A store of its own for each call: it is collected with its values. */
function hostBackend(): MathBackendCPU {
  const host = new MathBackendCPU();
  // It would advise, on its first use, to install a faster engine.
  return Object.assign(host, { firstUse: false });
}

/** Just enough of a backend to carry values from one to another. */
interface Store {
  readSync(dataId: DataId): BackendValues;
  write(values: BackendValues, shape: number[], dtype: TensorInfo['dtype']): DataId;
}

function moved({ dataId, shape, dtype }: TensorInfo, from: Store, to: Store): TensorInfo {
  return { dataId: to.write(from.readSync(dataId), shape, dtype), shape, dtype };
}
