import { elementCount, type TensorSpec } from './layout.js';

/** Float32 tensors read by name and slice by slice, in row-major order. */
export interface TensorReader {
  /** Values [from, to) of one tensor. */
  read(name: string, from: number, to: number): Promise<Float32Array>;
  /** Values from `from` on, as many as `target` holds, into `target`: without memory of their own. */
  readInto?(target: Float32Array, name: string, from: number): Promise<void>;
}

/** Tensors that are known by name and shape before they are read; a `WeightsFile` is one. */
export interface TensorSource extends TensorReader {
  readonly tensors: readonly TensorSpec[];
}

/** What of a tensor is in memory at once where it is worked on, and how long one turn of work is: 1 MiB. */
export const VALUES_PER_SLICE = 1 << 18;

/** The bounds [from, to) of a tensor's slices, in order; none of an empty one. */
export function* slicesOf({ shape }: Pick<TensorSpec, 'shape'>): Generator<[number, number]> {
  const length = elementCount(shape);
  for (let from = 0; from < length; from += VALUES_PER_SLICE) {
    yield [from, Math.min(from + VALUES_PER_SLICE, length)];
  }
}
