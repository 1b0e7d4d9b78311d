import { nextTurn } from '@fedvox/base';
import type { TensorSpec } from '@fedvox/weights';

/** Float32 tensors read by name, one at a time, in row-major order. */
export interface TensorReader {
  read(name: string): Promise<Float32Array>;
}

/** Tensors that are known by name and shape before they are read; a `WeightsFile` is one. */
export interface TensorSource extends TensorReader {
  readonly tensors: readonly TensorSpec[];
}

/** Tensors of which no more than a slice need be in memory; a `WeightsFile` is one. */
export interface SliceSource {
  readonly tensors: readonly TensorSpec[];
  /** Values [from, to) of a tensor, in row-major order. */
  readSlice(name: string, from: number, to: number): Promise<Float32Array>;
}

/** How long a loop over values may run before other work of the process gets its turn: about 1 ms. */
const VALUES_PER_TURN = 1 << 20;

/** A slice that is read for one look at it: 1 MiB. */
export const VALUES_PER_SLICE = 1 << 18;

/**
 * Calls `body(from, to)` over [0, length) in blocks, and lets the event loop run between them: a
 * coordinator that averages a tensor of 100 million values still answers heartbeats.
 */
export async function inTurns(
  length: number,
  body: (from: number, to: number) => void | Promise<void>,
  valuesPerTurn = VALUES_PER_TURN,
): Promise<void> {
  for (let from = 0; from < length; from += valuesPerTurn) {
    if (from > 0) await nextTurn();
    await body(from, Math.min(from + valuesPerTurn, length));
  }
}
