import { explained } from '../explained.js';
import { type Handle, ScalarType } from '../native.js';
import type { OpenTorch, Torch } from '../torch.js';
import type { VolumeArray } from './volumes.js';

/*
 * What random steps do to values, to the bits of imaging's TypeScript, on the processor whatever the device is. The
 * operators are native/src/operators/intensities.cc. A stream is the four words of xoshiro128**, which go on.
 */

/**
 * Each voxel plus `deviation` times what the stream next gives of the normal distribution (Box–Muller).
 * @throws FedvoxError `torch/out-of-memory`, and what `open` throws
 */
export function addNormals(
  open: OpenTorch,
  source: VolumeArray<Float32Array>,
  deviation: number,
  stream: Uint32Array,
): Float32Array {
  return filledFrom(source, 'add_normals', open, (t, operator, volume, out) => {
    t.mutate(operator, volume, deviation, wordsOf(t, stream), out);
  });
}

/**
 * As many numbers, even within ± `bound`.
 * @throws FedvoxError `torch/out-of-memory`, and what `open` throws
 */
export function drawEvenly(
  open: OpenTorch,
  count: number,
  bound: number,
  stream: Uint32Array,
): Float32Array {
  return filledOnHost(count, 'draw_evenly', open, (t, operator, out) => {
    t.mutate(operator, bound, wordsOf(t, stream), out);
  });
}

/**
 * Values are scaled from `low` … `low + range` to 0 … 1, raised to a power, and scaled back.
 * @throws FedvoxError `torch/out-of-memory`, and what `open` throws
 */
export function raiseVolume(
  open: OpenTorch,
  source: VolumeArray<Float32Array>,
  low: number,
  range: number,
  power: number,
): Float32Array {
  return filledFrom(source, 'raise_volume', open, (t, operator, volume, out) => {
    t.mutate(operator, volume, low, range, power, out);
  });
}

/** A sum of `coefficient` · x_a · y_b · z_c. */
export interface VolumeField {
  /** Along x, y and z, index by index: one value for each order. */
  readonly tables: readonly [Float64Array, Float64Array, Float64Array];
  readonly orders: number;
  readonly terms: readonly {
    readonly orders: readonly [number, number, number];
    readonly coefficient: number;
  }[];
}

/**
 * Each voxel times the exponential of a field.
 * @throws FedvoxError `torch/out-of-memory`, and what `open` throws
 */
export function shadeVolume(
  open: OpenTorch,
  source: VolumeArray<Float32Array>,
  { tables, orders, terms }: VolumeField,
): Float32Array {
  const [x, y, z] = tables.map((table) => [...table]);
  const ofTerms = terms.flatMap((term) => term.orders);
  const coefficients = terms.map(({ coefficient }) => coefficient);
  return filledFrom(source, 'shade_volume', open, (t, operator, volume, out) => {
    t.mutate(operator, volume, x, y, z, orders, ofTerms, coefficients, out);
  });
}

/** As many values as the source has, as an operator fills them that reads it. */
function filledFrom(
  { data, shape: [nx, ny, nz] }: VolumeArray<Float32Array>,
  operator: string,
  open: OpenTorch,
  fill: (t: Torch, operator: string, volume: Handle, out: Handle) => void,
): Float32Array {
  const shape = [nz, ny, nx];
  return filledOnHost(data.length, operator, open, (t, name, out) => {
    const volume = t.onHost(data, shape, ScalarType.float32);
    fill(t, name, volume, t.run('view', out, shape));
  });
}

function filledOnHost(
  count: number,
  operator: string,
  open: OpenTorch,
  fill: (t: Torch, operator: string, out: Handle) => void,
): Float32Array {
  const data = new Float32Array(count);
  const t = open();
  try {
    fill(t, `fedvox::${operator}`, t.onHost(data, [count], ScalarType.float32));
    return data;
  } catch (error) {
    throw explained(error, operator, `[${count}]`);
  } finally {
    t.close();
  }
}

function wordsOf(t: Torch, stream: Uint32Array): Handle {
  const words = new Int32Array(stream.buffer, stream.byteOffset, stream.length);
  return t.onHost(words, [words.length], ScalarType.int32);
}
