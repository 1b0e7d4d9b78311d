import type { Random } from '@fedvox/base';
import * as tf from '@tensorflow/tfjs-core';
import type { ParameterSpec } from './parameters.js';

/** A layer holds no values: it names its parameters and says what it does with them. */
export interface Layer {
  readonly parameters: readonly ParameterSpec[];
  /** Batch, three axes of space, channels. */
  apply(x: tf.Tensor5D, pass: Pass): tf.Tensor5D;
}

/** One way of a batch through a network. */
export interface Pass {
  /** The present value of a parameter by its state-dict name. */
  readonly value: (name: string) => tf.Tensor;
  /** Absent where the network is used, and not trained. */
  readonly training?: TrainingPass;
  /** Sets a statistic to what it is after this batch; in training alone. */
  readonly count: (name: string, value: tf.Tensor) => void;
  /** Takes what a level beneath the top makes of the batch, to be held to the labels; in training alone. */
  readonly supervise: (output: Supervised) => void;
}

/** What is held to the labels in training. */
export type Supervised = {
  /** Logits [batch, X, Y, Z, classes], at the size of the labels. */
  readonly logits: tf.Tensor5D;
  /** How much it counts beside the others. */
  readonly weight: number;
};

/** What layers do otherwise while the network is trained. */
export interface TrainingPass {
  /** Of this batch alone: decides what is dropped out. */
  readonly random: Random;
}

export const identity: Layer = { parameters: [], apply: (x) => x };

/** One after the other. */
export function sequential(...layers: readonly Layer[]): Layer {
  return {
    parameters: layers.flatMap((layer) => layer.parameters),
    apply: (x, pass) => layers.reduce((value, layer) => layer.apply(value, pass), x),
  };
}

/** The sum of what two layers make of one input. */
export function parallelSum(main: Layer, side: Layer): Layer {
  return {
    parameters: [...main.parameters, ...side.parameters],
    apply: (x, pass) => sumOf(main.apply(x, pass), side.apply(x, pass)),
  };
}

/** What one layer makes of an input, and behind it in the channels what another does. */
export function parallelJoin(main: Layer, side: Layer): Layer {
  return {
    parameters: [...main.parameters, ...side.parameters],
    apply: (x, pass) => joined(main.apply(x, pass), side.apply(x, pass)),
  };
}

/** MONAI's `SkipConnection`: the input, and behind it in the channels what the layer makes of it. */
export const skipConnection = (layer: Layer): Layer => parallelJoin(identity, layer);

/*
 * Gradients are written out here and in other layers: in Node, TensorFlow.js comes without those of its
 * own operations.
 */

/** Two tensors of one shape, added up. */
export const sumOf = tf.customGrad<tf.Tensor5D>((...args) => {
  const [a, b] = args as [tf.Tensor5D, tf.Tensor5D];
  // Clones, because the tape disposes of each input's gradient on its own.
  return { value: tf.add(a, b), gradFunc: (dy) => [tf.clone(dy), tf.clone(dy)] };
}) as (a: tf.Tensor5D, b: tf.Tensor5D) => tf.Tensor5D;

/** The channels of one tensor, and behind them another's. */
export const joined = tf.customGrad<tf.Tensor5D>((...args) => {
  const [a, b] = args as [tf.Tensor5D, tf.Tensor5D];
  const channels = [a.shape[4], b.shape[4]];
  return { value: tf.concat([a, b], 4), gradFunc: (dy) => tf.split(dy, channels, 4) };
}) as (a: tf.Tensor5D, b: tf.Tensor5D) => tf.Tensor5D;
