import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { errorText } from '@fedvox/base';
import { fail } from './errors.js';

/** Names one tensor of the native handle table; reused after release. */
export type Handle = number & { readonly __brand: 'tensor handle' };

/** `c10::ScalarType` as far as tfjs needs it; the numbers are part of libtorch's serialised formats. */
export const ScalarType = {
  uint8: 0,
  int32: 3,
  int64: 4,
  float32: 6,
  float64: 7,
  complex64: 9,
  bool: 11,
  bfloat16: 15,
} as const;
export type ScalarType = (typeof ScalarType)[keyof typeof ScalarType];

/** What a schema's argument may be given as: `undefined` takes its default, `null` is none. */
export type Argument =
  | number
  | boolean
  | string
  | null
  | undefined
  | readonly (number | boolean | null)[];
export type Result = Handle | number | boolean | null | readonly Handle[] | undefined;

/**
 * Of which the best that the processor has is taken, or what FEDVOX_TORCH_INSTRUCTION_SET names;
 * `baseline` leaves all that it can to libtorch.
 */
export type InstructionSet = 'baseline' | 'avx2' | 'avx512' | 'avx512bf16';

/** The whole native surface (native/src/addon.cc). Every function throws an Error with a `code`. */
export interface NativeTorch {
  /** The one that this was built against. */
  readonly libtorchVersion: string;
  /** The one that was found when this was loaded. */
  readonly loadedVersion: string;
  /** What the inner loops of its own operators use of this processor. */
  readonly instructionSet: InstructionSet;
  /** A small integer for `aten::name.overload`. */
  resolveOperator(name: string): number;
  /** One result as itself, several as an array; tensors as handles, which the caller must release. */
  runOperator(operator: number, ...args: readonly Argument[]): Result | readonly Result[];
  /** Copies row-major values; complex values are (real, imaginary) pairs. */
  fromTypedArray(
    values: Float32Array | Int32Array | Uint8Array,
    shape: readonly number[],
    scalarType: number,
    device: string,
  ): Handle;
  /** The array's own memory, on the processor: release it before the array can be collected. */
  borrowTypedArray(
    values: Float32Array | Int32Array | Uint8Array,
    shape: readonly number[],
    scalarType: number,
  ): Handle;
  /** A row-major copy, of at most 2³² values: Float32Array, Int32Array or, for bool and uint8, Uint8Array. */
  toTypedArray(tensor: Handle): Float32Array | Int32Array | Uint8Array;
  release(tensor: Handle): void;
  shape(tensor: Handle): number[];
  scalarType(tensor: Handle): ScalarType;
  liveTensors(): number;
  /** Bytes of the storages held, each counted once. */
  liveBytes(): number;
  /** The most bytes that were in use at once since the last `resetPeak`. */
  peakBytes(): number;
  resetPeak(): void;
  setThreads(count: number): void;
  /** From now on operators that the calling thread runs stay on it; those of other threads are as they were. */
  stayOnThread(): void;
  threads(): number;
  /** Whether this libtorch brings CUDA, driver or not. */
  isCudaBuild(): boolean;
  /** GPUs that it can use now; 0 without a driver. */
  cudaDevices(): number;
  /** Whether this GPU convolves in bfloat16. */
  hasBfloat16(device: string): boolean;
  /** Lets cuDNN choose algorithms by trying them, and keeps its float32 whole. */
  prepareCuda(): void;
}

/**
 * Beside `src` and `dist` alike, so that sources and builds load the same one; elsewhere where
 * `FEDVOX_TORCH_BUILD` says, for a second one against another libtorch.
 */
export const ADDON_PATH = join(
  process.env['FEDVOX_TORCH_BUILD'] || fileURLToPath(new URL('../build', import.meta.url)),
  'fedvox-torch.node',
);

/**
 * How long libtorch's threads look out for the next operator before they sleep, about a millisecond in
 * all. Waking one takes longer than a small operator; but where other processes want the same cores,
 * say several sites' training, every turn of the wait is taken from them: there, start the process with
 * OMP_WAIT_POLICY=PASSIVE.
 */
const SPIN_COUNT = '50000';

/**
 * Loads the native part.
 * @throws FedvoxError `torch/native-missing`, `torch/native-unloadable`, `torch/instruction-set-missing`
 */
export function loadNative(path: string = ADDON_PATH): NativeTorch {
  if (!existsSync(path)) throw fail('native-missing', { path });
  // Read once, when libtorch's OpenMP loads.
  if (process.env['OMP_WAIT_POLICY'] === undefined) process.env['GOMP_SPINCOUNT'] ??= SPIN_COUNT;
  const native = required(path);
  const { libtorchVersion, loadedVersion } = native;
  // Another version may have the same functions, and its data in other places.
  if (loadedVersion !== libtorchVersion) {
    const reason = `it was built against libtorch ${libtorchVersion} and finds ${loadedVersion}`;
    throw fail('native-unloadable', { reason });
  }
  const wanted = process.env['FEDVOX_TORCH_INSTRUCTION_SET'] ?? native.instructionSet;
  if (wanted !== native.instructionSet) throw fail('instruction-set-missing', { wanted });
  return native;
}

function required(path: string): NativeTorch {
  try {
    return createRequire(import.meta.url)(path) as NativeTorch;
  } catch (cause) {
    // Node breaks some of its messages into lines.
    const reason = errorText(cause).replaceAll(/\s+/g, ' ');
    throw fail('native-unloadable', { reason }, { cause });
  }
}
