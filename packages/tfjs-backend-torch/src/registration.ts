import { existsSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';
import { type FedvoxError, isFedvoxError } from '@fedvox/base';
import { getGradient, registerBackend, registerKernel, setBackend } from '@tensorflow/tfjs-core';
import { BACKEND_NAME, type Precision, TorchBackend } from './backend.js';
import { bestPrecision, chooseDevice, type DeviceName } from './device.js';
import { fail } from './errors.js';
import { allKernels } from './kernels/index.js';
import { type InstructionSet, loadNative, type NativeTorch } from './native.js';
import { findTorch, registered } from './registered-backend.js';

export interface TorchBackendOptions {
  /** Threads of one operator; every core when left out. */
  readonly threads?: number;
  /** `auto` when left out. */
  readonly device?: DeviceName;
  /**
   * What convolutions and matrix products are computed in: `auto` takes bfloat16 where the processor
   * or GPU has it in hardware; float32 when left out.
   */
  readonly precision?: Precision | 'auto';
}

/** What a registered backend computes on and in. */
export interface TorchBackendInfo {
  readonly libtorchVersion: string;
  /** `cpu` or `cuda:n`. */
  readonly device: string;
  readonly precision: Precision;
  /** Threads of one operator on the processor. */
  readonly threads: number;
  /** What those threads use of the processor. */
  readonly instructionSet: InstructionSet;
}

/**
 * Registers the backend `torch` with TensorFlow.js and makes it the current one. Safe to repeat: a later
 * call sets threads and precision; the device stays the first call's.
 * @throws FedvoxError `torch/native-missing`, `torch/native-unloadable`, `torch/instruction-set-missing`,
 *   `torch/cuda-not-built`, `torch/cuda-unusable`, `torch/device-missing`, `torch/device-taken`
 */
export async function registerTorchBackend({
  threads = availableParallelism(),
  device = 'auto',
  precision = 'float32',
}: TorchBackendOptions = {}): Promise<TorchBackendInfo> {
  const native = loadNative();
  const current = findTorch();
  if (current === null) register(native, chooseDevice(native, device));
  else checkDevice(current, device);
  native.setThreads(threads);
  await registerGradients();
  await setBackend(BACKEND_NAME);
  setPrecision(precision);
  const { libtorchVersion, instructionSet } = native;
  const { device: used, precision: chosen } = registered();
  return {
    libtorchVersion,
    device: used,
    precision: chosen,
    threads: native.threads(),
    instructionSet,
  };
}

function register(native: NativeTorch, device: string): void {
  if (device !== 'cpu') native.prepareCuda();
  registerBackend(BACKEND_NAME, () => new TorchBackend(native, device), HIGHEST_PRIORITY);
  for (const config of allKernels()) registerKernel(config);
}

/** Tensors of two devices do not mix, and those of the first may still be in use. */
function checkDevice({ native, device }: TorchBackend, wanted: DeviceName): void {
  if (wanted === 'auto' || chooseDevice(native, wanted) === device) return;
  throw fail('device-taken', { wanted, device });
}

/**
 * Gives tfjs-core its gradients, which its Node entry leaves out; on any backend. Safe to repeat.
 * @throws FedvoxError `torch/gradients-missing`
 */
export async function registerGradients(): Promise<void> {
  if (getGradient('Add') != null) return;
  const bundle = new URL('../build/gradients.mjs', import.meta.url);
  if (!existsSync(bundle)) throw fail('gradients-missing', { path: fileURLToPath(bundle) });
  await import(bundle.href);
}

/**
 * Changes what later convolutions and matrix products are computed in; tensors of both kinds mix.
 * @throws FedvoxError `torch/not-registered`
 */
export function setPrecision(precision: Precision | 'auto'): void {
  const backend = registered();
  const { native, device } = backend;
  backend.precision = precision === 'auto' ? bestPrecision(native, device) : precision;
}

/** Above tfjs's own backends (at most 3), so that it is chosen wherever it is registered. */
const HIGHEST_PRIORITY = 10;

export type TorchAvailability =
  | { readonly available: true; readonly libtorchVersion: string; readonly cudaDevices: number }
  | { readonly available: false; readonly reason: FedvoxError };

/** Whether the native part is there and loads, and if not, why; registers nothing. */
export function torchAvailability(): TorchAvailability {
  try {
    const native = loadNative();
    return {
      available: true,
      libtorchVersion: native.libtorchVersion,
      cudaDevices: native.cudaDevices(),
    };
  } catch (error) {
    if (!isFedvoxError(error)) throw error;
    return { available: false, reason: error };
  }
}

/** Native tensors that are alive now; 0 where the backend was never registered. */
export function liveTensorCount(): number {
  return findTorch()?.native.liveTensors() ?? 0;
}
