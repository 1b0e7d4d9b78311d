import type { Random } from '@fedvox/base';
import type { WeightTensor } from '@fedvox/weights';
import * as tf from '@tensorflow/tfjs-core';

/** How PyTorch draws a fresh parameter. */
export type Initial =
  | { readonly kind: 'uniform'; readonly bound: number }
  | { readonly kind: 'normal'; readonly deviation: number }
  | { readonly kind: 'constant'; readonly value: number };

/**
 * What a parameter is to training and averaging. Weights and norms are trained, statistics are counted
 * from what passes them. Averaging shares all three; a strategy that leaves a scanner's mark at its site,
 * as FedBN does, shares weights alone.
 */
export type ParameterRole = 'weight' | 'norm' | 'statistic';

/** One parameter of a network, named and shaped as PyTorch's state dict has it. */
export interface ParameterSpec {
  readonly name: string;
  /**
   * Convolution weights [out, in, k, k, k], transposed ones [in, out, k, k, k]; biases [out]; one
   * PReLU slope [1].
   */
  readonly shape: readonly number[];
  readonly initial: Initial;
  readonly role: ParameterRole;
  /** False of a weight that is left out of the arithmetic in training, and stays as it is. */
  readonly hasGradient?: boolean;
}

/**
 * A fresh parameter, a function of the stream's seed and the parameter's name alone: adding a layer
 * leaves the others as they were.
 */
export function initialValues(
  { name, shape, initial }: Omit<ParameterSpec, 'role' | 'hasGradient'>,
  random: Random,
): WeightTensor {
  const data = new Float32Array(tf.util.sizeFromShape([...shape]));
  if (initial.kind === 'constant') return { shape, data: data.fill(initial.value) };
  const stream = random.fork(name);
  const drawn =
    initial.kind === 'normal'
      ? () => stream.normal() * initial.deviation
      : () => (stream.uniform() * 2 - 1) * initial.bound;
  return { shape, data: data.map(drawn) };
}

/**
 * A parameter as the engine wants it. Kernels go from PyTorch's [a, b, k, k, k] to TensorFlow's
 * [k, k, k, b, a], which serves both kinds: a convolution's are [out, in, …] → […, in, out], a
 * transposed one's [in, out, …] → […, out, in].
 */
export function toEngineLayout({ shape, data }: WeightTensor): tf.Tensor {
  if (shape.length !== 5) return tf.tensor(data, [...shape]);
  return tf.tidy(() => tf.transpose(tf.tensor(data, [...shape]), [2, 3, 4, 1, 0]));
}

/** The inverse of `toEngineLayout`: row-major values in PyTorch's layout. */
export async function fromEngineLayout(tensor: tf.Tensor): Promise<Float32Array> {
  const ordered = tf.tidy(() =>
    tensor.rank === 5 ? tf.transpose(tensor, [4, 3, 0, 1, 2]) : tf.clone(tensor),
  );
  const data = (await ordered.data()) as Float32Array;
  ordered.dispose();
  return data;
}
