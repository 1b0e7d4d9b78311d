import type { WindowMasks } from '@fedvox/tfjs-backend-torch';
import * as tf from '@tensorflow/tfjs-core';
import { AXES, type WindowGrid } from './token-windows.js';

/*
 * What is added to the logits of attention within windows, after Liu et al., "Swin Transformer", ICCV 2021, for
 * three axes: a trained bias by how far two tokens are apart, and a mask where a window has tokens that are no
 * neighbours in the volume.
 */

type Triple = readonly [number, number, number];

/** How many ways two tokens of a window can lie to each other. */
export const relativePositions = (window: Triple): number =>
  window.reduce((product, length) => product * (2 * length - 1), 1);

/**
 * For every pair of a window's tokens the row of the table that is theirs, [tokens·tokens]: MONAI's
 * `relative_position_index`. Of a window that the volume made smaller MONAI takes the first rows and columns
 * of the whole one's, so that is done here too.
 */
export function relativePositionIndex(window: Triple, tokens: number): Int32Array {
  const [, alongY, alongZ] = window.map((length) => 2 * length - 1) as [number, number, number];
  const places = Array.from({ length: tokens }, (_, token) => {
    const [x, y, z] = placeOf(token, window);
    return (x * alongY + y) * alongZ + z;
  });
  // The place of the last token: what makes the smallest difference 0.
  const [x, y, z] = window.map((length) => length - 1) as [number, number, number];
  const least = (x * alongY + y) * alongZ + z;
  return Int32Array.from({ length: tokens * tokens }, (_, pair) => {
    const [from, to] = [Math.floor(pair / tokens), pair % tokens];
    return (places[from] as number) - (places[to] as number) + least;
  });
}

/**
 * @param table [relative positions, heads]
 * @returns [heads, tokens, tokens]
 */
export function positionBias(table: tf.Tensor2D, window: Triple, tokens: number): tf.Tensor3D {
  const index = tf.tensor1d(relativePositionIndex(window, tokens), 'int32');
  return tf.customGrad<tf.Tensor3D>((...args) => {
    const [values, save] = args as [tf.Tensor2D, tf.GradSaveFunc];
    const [rows, heads] = values.shape;
    save([index]);
    const pairs = tf.reshape(tf.gather(values, index), [tokens, tokens, heads]);
    return {
      value: tf.transpose(pairs, [2, 0, 1]) as tf.Tensor3D,
      gradFunc: (dy, [saved]) => {
        const ofPairs = tf.reshape(tf.transpose(dy, [1, 2, 0]), [tokens * tokens, heads]);
        return tf.unsortedSegmentSum(ofPairs, saved as tf.Tensor1D, rows);
      },
    };
  })(table);
}

/** MONAI's, of two tokens that are no neighbours in the volume. */
const APART = -100;
/** The sets of three axes, but for the empty one. */
const KINDS = 7;

/**
 * Of windows that are shifted, the last along an axis has tokens of the volume's one end and of its other. Its
 * number is made of a bit for each axis along which it is the last.
 */
export function shiftMasks({ window, counts, shift }: WindowGrid): WindowMasks | undefined {
  if (shift.every((by) => by === 0)) return undefined;
  const tokens = tf.util.sizeFromShape([...window]);
  const sides = Array.from({ length: tokens }, (_, token) => {
    const place = placeOf(token, window);
    return bitsOf((axis) => place[axis] >= window[axis] - shift[axis]);
  });
  const values = Float32Array.from({ length: KINDS * tokens * tokens }, (_, at) => {
    const [kind, from, to] = placeOf(at, [KINDS, tokens, tokens]);
    return ((sides[from] as number) ^ (sides[to] as number)) & (kind + 1) ? APART : 0;
  });
  const windows = tf.util.sizeFromShape([...counts]);
  const kinds = Array.from({ length: windows }, (_, number) => {
    const place = placeOf(number, counts);
    return bitsOf((axis) => shift[axis] > 0 && place[axis] === counts[axis] - 1);
  });
  return { values: tf.tensor3d(values, [KINDS, tokens, tokens]), kinds };
}

/** Along each axis, of the one with that number, which run along the last axis first. */
function placeOf(number: number, [, alongY, alongZ]: Triple): Triple {
  const row = Math.floor(number / alongZ);
  return [Math.floor(row / alongY), row % alongY, number % alongZ];
}

/** A bit for each axis. */
const bitsOf = (isSet: (axis: 0 | 1 | 2) => boolean): number =>
  AXES.reduce<number>((bits, axis) => bits | (isSet(axis) ? 1 << axis : 0), 0);
