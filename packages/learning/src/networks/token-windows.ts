import * as tf from '@tensorflow/tfjs-core';
import { type PerAxis, triple } from './convolutions.js';

type Triple = readonly [number, number, number];

/** How the tokens of a volume are shared out among windows. */
export interface WindowGrid {
  /** Tokens of the volume along each axis. */
  readonly volume: Triple;
  /** Tokens of a window. */
  readonly window: Triple;
  /** How many windows stand side by side along each axis; the last may reach beyond the volume. */
  readonly counts: Triple;
  /** By how many tokens they are moved on; what that leaves over comes last, beside what is there. */
  readonly shift: Triple;
}

/**
 * MONAI's `get_window_size`: along an axis that is no longer than a window, one window is all of it, and none
 * is moved. Others are moved by half of their length where they are shifted.
 */
export function windowGrid(volume: Triple, windowSize: PerAxis, isShifted: boolean): WindowGrid {
  const wanted = triple(windowSize);
  const along = <T>(of: (length: number, window: number) => T) =>
    volume.map((length, axis) => of(length, wanted[axis] as number)) as unknown as readonly [
      T,
      T,
      T,
    ];
  const isOne = (length: number, window: number) => length <= window;
  return {
    volume,
    window: along(Math.min),
    counts: along((length, window) => Math.ceil(length / window)),
    shift: along((length, window) =>
      isShifted && !isOne(length, window) ? Math.floor(window / 2) : 0,
    ),
  };
}

/**
 * The tokens of each window; zeros are where it reaches beyond the volume.
 * @param x [batch, X, Y, Z, channels]
 * @returns [batch·windows, tokens, channels], both from the first axis down
 */
export function partitioned(x: tf.Tensor5D, grid: WindowGrid): tf.Tensor3D {
  return tf.customGrad<tf.Tensor3D>((volume) => ({
    value: cut(volume as tf.Tensor5D, grid),
    gradFunc: (dy) => put(dy, grid),
  }))(x);
}

/** The inverse: [batch·windows, tokens, channels] as [batch, X, Y, Z, channels]. */
export function reassembled(windows: tf.Tensor3D, grid: WindowGrid): tf.Tensor5D {
  return tf.customGrad<tf.Tensor5D>((tokens) => ({
    value: put(tokens as tf.Tensor3D, grid),
    gradFunc: (dy) => cut(dy, grid),
  }))(windows);
}

export const AXES = [0, 1, 2] as const;
/** Between [batch, count, window, count, window, count, window, channels] and windows together. */
const TO_WINDOWS = [0, 1, 3, 5, 2, 4, 6, 7];
const FROM_WINDOWS = [0, 1, 4, 2, 5, 3, 6, 7];

function cut(x: tf.Tensor5D, { volume, window, counts, shift }: WindowGrid): tf.Tensor3D {
  const channels = x.shape[4];
  const beyond = AXES.map((axis) => [0, counts[axis] * window[axis] - volume[axis]] as const);
  const whole: tf.Tensor = tf.pad(x, [[0, 0], ...beyond, [0, 0]] as [number, number][]);
  const moved = AXES.reduce((of, axis) => rolled(of, axis + 1, shift[axis]), whole);
  const apart = AXES.flatMap((axis) => [counts[axis], window[axis]]);
  const turned = tf.transpose(tf.reshape(moved, [-1, ...apart, channels]), TO_WINDOWS);
  return tf.reshape(turned, [-1, tf.util.sizeFromShape([...window]), channels]);
}

function put(windows: tf.Tensor3D, { volume, window, counts, shift }: WindowGrid): tf.Tensor5D {
  const channels = windows.shape[2];
  const apart = tf.reshape(windows, [-1, ...counts, ...window, channels]);
  const lengths = AXES.map((axis) => counts[axis] * window[axis]) as unknown as Triple;
  const moved = tf.reshape(tf.transpose(apart, FROM_WINDOWS), [-1, ...lengths, channels]);
  const whole = AXES.reduce(
    (of, axis) => rolled(of, axis + 1, lengths[axis] - shift[axis]),
    moved as tf.Tensor,
  );
  return tf.slice(whole as tf.Tensor5D, [0, 0, 0, 0, 0], [-1, ...volume, channels]);
}

/** What stands at `by` comes first, and what stood before it last. */
function rolled(x: tf.Tensor, axis: number, by: number): tf.Tensor {
  const length = x.shape[axis] as number;
  if (by % length === 0) return x;
  return tf.concat(tf.split(x, [by, length - by], axis).reverse(), axis);
}
