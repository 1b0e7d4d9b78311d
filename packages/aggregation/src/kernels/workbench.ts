import { assert } from '@fedvox/base';
import type { TensorReader } from '@fedvox/weights';
import { PLAIN_KERNELS } from './plain-kernels.js';
import { kernelModule, VALUES_AT_ONCE } from './wasm-kernels.js';

/** What is worked on at once: its sums and values stay in a processor's second-level cache. */
export const VALUES_PER_BLOCK = 1 << 16;

/** The loops over the areas of a workbench; each takes whole areas or the beginnings of them. */
export interface Kernels {
  /** `sum[i] += weight * values[i]`, in float64. */
  addScaled(sum: Float64Array, values: Float32Array, weight: number): void;
  /** `sum[i] /= total`, in float64. */
  divide(sum: Float64Array, total: number): void;
  /** The largest |values[i]|; NaN where one is no number. */
  magnitude(values: Float32Array): number;
}

/** As far as Node's own types know nothing of it. */
declare const WebAssembly: {
  validate(bytes: Uint8Array): boolean;
  readonly Module: new (bytes: Uint8Array) => object;
  readonly Instance: new (module: object) => { readonly exports: unknown };
};

interface WasmExports {
  readonly memory: { readonly buffer: ArrayBuffer };
  addScaled(sum: number, values: number, valuesEnd: number, weight: number): void;
  divide(sum: number, sumEnd: number, total: number): void;
  magnitudes(values: number, valuesEnd: number, out: number): void;
}

/** Where in the memory what lies, in bytes: four words of a result, then the sums, then the values. */
const OUT = 0;
const SUM = 64;
const VALUES = SUM + VALUES_PER_BLOCK * Float64Array.BYTES_PER_ELEMENT;
const MEMORY_BYTES = VALUES + VALUES_PER_BLOCK * Float32Array.BYTES_PER_ELEMENT;

/** A block of values and its sums, with the loops over them: one for each computation under way. */
export class Workbench {
  /** What is read, one block of one update after the other; `VALUES_PER_BLOCK` long. */
  readonly values: Float32Array;
  readonly #sum: Float64Array;
  readonly #kernels: Kernels;

  constructor(hasVectors: boolean = HAS_VECTORS) {
    const wasm = hasVectors ? wasmExports() : undefined;
    const memory = wasm?.memory.buffer ?? new ArrayBuffer(MEMORY_BYTES);
    this.#sum = new Float64Array(memory, SUM, VALUES_PER_BLOCK);
    this.values = new Float32Array(memory, VALUES, VALUES_PER_BLOCK);
    this.#kernels = wasm === undefined ? PLAIN_KERNELS : vectorKernels(wasm);
  }

  /** Begins sums of zero. */
  clear(length: number): void {
    this.#sum.fill(0, 0, length);
  }

  /** Adds `weight` times each of the first `length` values to its sum. */
  addScaled(weight: number, length: number): void {
    this.#kernels.addScaled(this.#sum.subarray(0, length), this.values.subarray(0, length), weight);
  }

  /** The sums by `total`, to be copied before the next block is begun. */
  quotients(total: number, length: number): Float64Array {
    const sum = this.#sum.subarray(0, length);
    this.#kernels.divide(sum, total);
    return sum;
  }

  /** The largest magnitude of the first `length` values; NaN where one is no number. */
  magnitude(length: number): number {
    return this.#kernels.magnitude(this.values.subarray(0, length));
  }
}

/** Benches that nobody works at now; more than one only where computations take turns on a thread. */
const FREE: Workbench[] = [];

/** Lends a workbench: a strategy may take thousands of means, and a bench is most of a megabyte. */
export async function atWorkbench<Result>(
  work: (bench: Workbench) => Promise<Result>,
): Promise<Result> {
  const bench = FREE.pop() ?? new Workbench();
  try {
    return await work(bench);
  } finally {
    FREE.push(bench);
  }
}

/** Values [from, to) of a tensor, into the beginning of `target`. */
export async function readInto(
  reader: TensorReader,
  target: Float32Array,
  ...[name, from, to]: Parameters<TensorReader['read']>
): Promise<void> {
  if (reader.readInto !== undefined) {
    return reader.readInto(target.subarray(0, to - from), name, from);
  }
  const values = await reader.read(name, from, to);
  assert(values.length === to - from, 'an accepted delta has the base model’s shapes');
  target.set(values);
}

const HAS_VECTORS = WebAssembly.validate(kernelModule(MEMORY_BYTES));
let compiled: object | undefined;

function wasmExports(): WasmExports {
  compiled ??= new WebAssembly.Module(kernelModule(MEMORY_BYTES));
  return new WebAssembly.Instance(compiled).exports as WasmExports;
}

/** What lies behind the end of a block is computed along with it, and nobody reads it. */
function vectorKernels(wasm: WasmExports): Kernels {
  const out = new Uint32Array(wasm.memory.buffer, OUT, 4);
  const bits = new Uint32Array(1);
  const magnitude = new Float32Array(bits.buffer);
  const roundedUp = (length: number) => Math.ceil(length / VALUES_AT_ONCE) * VALUES_AT_ONCE;
  return {
    addScaled: (sum, { byteOffset, length }, weight) => {
      const end = byteOffset + roundedUp(length) * Float32Array.BYTES_PER_ELEMENT;
      if (length > 0) wasm.addScaled(sum.byteOffset, byteOffset, end, weight);
    },
    divide: ({ byteOffset, length }, total) => {
      const end = byteOffset + roundedUp(length) * Float64Array.BYTES_PER_ELEMENT;
      if (length > 0) wasm.divide(byteOffset, end, total);
    },
    magnitude: (values) => {
      const { byteOffset, length } = values;
      if (length === 0) return 0;
      const whole = roundedUp(length);
      new Float32Array(values.buffer, byteOffset, whole).fill(0, length);
      wasm.magnitudes(byteOffset, byteOffset + whole * Float32Array.BYTES_PER_ELEMENT, OUT);
      bits[0] = Math.max(...out);
      return magnitude[0] as number;
    },
  };
}
