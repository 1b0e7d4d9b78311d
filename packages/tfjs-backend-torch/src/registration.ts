import { existsSync, readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';
import { type FedvoxError, isFedvoxError } from '@fedvox/base';
import {
  engine,
  findBackend,
  getGradient,
  registerBackend,
  registerKernel,
  setBackend,
} from '@tensorflow/tfjs-core';
import { BACKEND_NAME, type Precision, TorchBackend } from './backend.js';
import { fail } from './errors.js';
import { allKernels } from './kernels/index.js';
import { loadNative, type NativeTorch } from './native.js';

export interface TorchBackendOptions {
  /** Threads of one operator; every core when left out. */
  readonly threads?: number;
  /** Where tensors live: `auto` takes the first GPU that this libtorch can use, else the processor. */
  readonly device?: 'auto' | 'cpu' | 'cuda' | `cuda:${number}`;
  /**
   * What convolutions and matrix products are computed in: `auto` takes bfloat16 where the processor
   * or GPU has it in hardware; float32 when left out.
   */
  readonly precision?: Precision | 'auto';
}

/**
 * Registers the backend `torch` with TensorFlow.js and makes it the current one. Safe to repeat:
 * a later call only sets threads and precision.
 * @throws FedvoxError `torch/native-missing`, `torch/native-unloadable`, `torch/device-missing`
 */
export async function registerTorchBackend(options: TorchBackendOptions = {}): Promise<void> {
  const native = loadNative();
  const device = chooseDevice(native, options.device ?? 'auto');
  native.setThreads(options.threads ?? availableParallelism());
  if (!(BACKEND_NAME in engine().registryFactory)) {
    registerBackend(BACKEND_NAME, () => new TorchBackend(native, device), HIGHEST_PRIORITY);
    for (const config of allKernels()) registerKernel(config);
  }
  await registerGradients();
  await setBackend(BACKEND_NAME);
  setPrecision(options.precision ?? 'float32');
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
  const backend = findBackend(BACKEND_NAME) as TorchBackend | null;
  if (backend === null) throw fail('not-registered');
  backend.precision = precision === 'auto' ? bestPrecision(backend.device) : precision;
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
  const backend = findBackend(BACKEND_NAME) as TorchBackend | null;
  return backend?.native.liveTensors() ?? 0;
}

function chooseDevice(native: NativeTorch, wanted: NonNullable<TorchBackendOptions['device']>) {
  const count = native.cudaDevices();
  if (wanted === 'auto') return count > 0 ? 'cuda:0' : 'cpu';
  if (wanted === 'cpu') return wanted;
  const index = wanted === 'cuda' ? 0 : Number(wanted.slice('cuda:'.length));
  if (index < count) return `cuda:${index}`;
  const devices = ['cpu', ...Array.from({ length: count }, (_, gpu) => `cuda:${gpu}`)].join(', ');
  throw fail('device-missing', { device: wanted, devices });
}

/** bfloat16 where it is in hardware: on every GPU that current libtorch supports, and by CPU flag. */
function bestPrecision(device: string): Precision {
  if (device !== 'cpu') return 'bfloat16';
  const cpuInfo = '/proc/cpuinfo';
  if (!existsSync(cpuInfo)) return 'float32';
  return /\b(avx512_bf16|amx_bf16|bf16)\b/.test(readFileSync(cpuInfo, 'utf8'))
    ? 'bfloat16'
    : 'float32';
}
