import { existsSync, readFileSync } from 'node:fs';
import { errorText } from '@fedvox/base';
import type { Precision } from './backend.js';
import { fail } from './errors.js';
import { type NativeTorch, ScalarType } from './native.js';

/** Where tensors live: `auto` takes the first GPU that this libtorch can use, else the processor. */
export type DeviceName = 'auto' | 'cpu' | 'cuda' | `cuda:${number}`;

/**
 * libtorch's name of the device that is wanted: `cpu` or `cuda:n`.
 * @throws FedvoxError `torch/cuda-not-built`, `torch/cuda-unusable`, `torch/device-missing`
 */
export function chooseDevice(native: NativeTorch, wanted: DeviceName): string {
  if (wanted === 'cpu') return wanted;
  const count = native.cudaDevices();
  if (wanted === 'auto') return count > 0 ? 'cuda:0' : 'cpu';
  const index = wanted === 'cuda' ? 0 : Number(/^cuda:(\d+)$/.exec(wanted)?.[1]);
  if (index < count) return `cuda:${index}`;
  if (!Number.isNaN(index)) checkCuda(native, wanted, count);
  const devices = ['cpu', ...Array.from({ length: count }, (_, gpu) => `cuda:${gpu}`)].join(', ');
  throw fail('device-missing', { device: wanted, devices });
}

/** @throws FedvoxError with the reason where no GPU can be used at all */
function checkCuda(native: NativeTorch, device: string, count: number): void {
  const { libtorchVersion } = native;
  if (!native.isCudaBuild()) throw fail('cuda-not-built', { device, libtorchVersion });
  if (count === 0) throw fail('cuda-unusable', { device, libtorchVersion, reason: whyNot(native) });
}

/** What libtorch says when a GPU is used that it counts no one of. */
function whyNot(native: NativeTorch): string {
  try {
    const empty = native.resolveOperator('aten::empty.memory_format');
    native.runOperator(empty, [0], ScalarType.float32, null, 'cuda:0');
  } catch (error) {
    const [sentence = ''] = errorText(error)
      .replace(/^aten::[^\n]*?\): /, '')
      .split('\n');
    return sentence.replace(/\.$/, '');
  }
  return 'it counts no GPU';
}

/** bfloat16 where the device has it in hardware, else float32. */
export function bestPrecision(native: NativeTorch, device: string): Precision {
  const has = device === 'cpu' ? processorHasBfloat16() : native.hasBfloat16(device);
  return has ? 'bfloat16' : 'float32';
}

/** By the processor's flags, which only Linux lists here. */
function processorHasBfloat16(): boolean {
  const cpuInfo = '/proc/cpuinfo';
  if (!existsSync(cpuInfo)) return false;
  return /\b(avx512_bf16|amx_bf16|bf16)\b/.test(readFileSync(cpuInfo, 'utf8'));
}
