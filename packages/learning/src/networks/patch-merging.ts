import * as tf from '@tensorflow/tfjs-core';
import { type Layer, sequential } from './layer.js';
import { layerNorm, linear } from './token-layers.js';
import { partitioned, windowGrid } from './token-windows.js';

/**
 * MONAI's `PatchMerging`, as its `SwinUNETR` has it where it says `downsample="merging"`: half the size along
 * each axis, twice the channels.
 * @param channels that come in
 */
export function patchMerging(name: string, channels: number): Layer {
  return sequential(
    neighbours,
    layerNorm(`${name}.norm`, 8 * channels),
    linear(`${name}.reduction`, 8 * channels, 2 * channels, false),
  );
}

/**
 * Which of 2×2×2 tokens stand behind each other in the channels, numbered along the last axis first. Before 1.5
 * MONAI took two of them twice and left two out.
 */
const ORDER = [0b000, 0b100, 0b010, 0b001, 0b110, 0b101, 0b011, 0b111];
const INVERSE = ORDER.map((_, token) => ORDER.indexOf(token));

/** [batch, X, Y, Z, channels] as [batch, X/2, Y/2, Z/2, 8·channels]. */
const neighbours: Layer = {
  parameters: [],
  apply(x) {
    const [batch, ...volume] = x.shape.slice(0, 4) as [number, number, number, number];
    const half = volume.map((length) => length / 2) as [number, number, number];
    const together = partitioned(x, windowGrid(volume, 2, false));
    return reordered(together, [batch, ...half, 8 * x.shape[4]]);
  },
};

/** @param x [places, 8, channels] */
function reordered(x: tf.Tensor3D, shape: tf.Tensor5D['shape']): tf.Tensor5D {
  return tf.customGrad<tf.Tensor5D>((...args) => {
    const [tokens] = args as [tf.Tensor3D];
    return {
      value: tf.reshape(inOrder(tokens, ORDER), shape),
      gradFunc: (dy) => inOrder(tf.reshape(dy, x.shape), INVERSE),
    };
  })(x);
}

function inOrder(tokens: tf.Tensor3D, order: readonly number[]): tf.Tensor3D {
  const each = tf.split(tokens, order.length, 1);
  return tf.concat(
    order.map((token) => each[token] as tf.Tensor3D),
    1,
  );
}
