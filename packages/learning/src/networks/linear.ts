import * as tf from '@tensorflow/tfjs-core';
import type { Layer } from './layer.js';
import type { ParameterSpec } from './parameters.js';

/** PyTorch's `Linear` of what is left of a volume, [batch, 1, 1, 1, inputs], its bias begun at 0 as MONAI does. */
export function linear(name: string, inputs: number, outputs: number): Layer {
  const weight: ParameterSpec = {
    ...{ name: `${name}.weight`, shape: [outputs, inputs], role: 'weight' },
    initial: { kind: 'uniform', bound: 1 / Math.sqrt(inputs) },
  };
  const bias: ParameterSpec = {
    ...{ name: `${name}.bias`, shape: [outputs], role: 'weight' },
    initial: { kind: 'constant', value: 0 },
  };
  return {
    parameters: [weight, bias],
    apply: (x, { value }) =>
      product(x, value(weight.name) as tf.Tensor2D, value(bias.name) as tf.Tensor1D),
  };
}

/** Its gradient is written out: in Node, TensorFlow.js comes without those of its own operations. */
const product = tf.customGrad<tf.Tensor5D>((...args) => {
  const [x, weight, bias, save] = args as [
    ...[tf.Tensor5D, tf.Tensor2D, tf.Tensor1D],
    tf.GradSaveFunc,
  ];
  save([x, weight]);
  return {
    value: asVoxels(tf.add(tf.matMul(asRows(x), weight, false, true), bias)),
    gradFunc: (dy, saved) => {
      const [before, factor] = saved as [tf.Tensor5D, tf.Tensor2D];
      const rows = asRows(dy);
      return [
        asVoxels(tf.matMul(rows, factor)),
        tf.matMul(rows, asRows(before), true),
        tf.sum(rows, 0),
      ];
    },
  };
}) as (x: tf.Tensor5D, weight: tf.Tensor2D, bias: tf.Tensor1D) => tf.Tensor5D;

const asRows = (x: tf.Tensor) => tf.reshape(x, [x.shape[0] as number, -1]) as tf.Tensor2D;
const asVoxels = (rows: tf.Tensor) =>
  tf.reshape(rows, [rows.shape[0] as number, 1, 1, 1, -1]) as tf.Tensor5D;
