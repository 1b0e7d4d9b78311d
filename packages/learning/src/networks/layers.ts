import {
  conv3d,
  conv3dTranspose,
  instanceNorm,
  instanceNormPrelu,
  prelu,
} from '@fedvox/tfjs-backend-torch';
import * as tf from '@tensorflow/tfjs-core';
import { affine } from './channel-affine.js';
import type { Initial, ParameterSpec } from './parameters.js';

/** Looks up the present value of a parameter by its state-dict name. */
export type Parameters = (name: string) => tf.Tensor;

/** A layer holds no values: it names its parameters and says what it does with them. */
export interface Layer {
  readonly parameters: readonly ParameterSpec[];
  /** Batch, three axes of space, channels. */
  apply(x: tf.Tensor5D, parameters: Parameters): tf.Tensor5D;
}

export interface ConvolutionOptions {
  readonly inputs: number;
  readonly outputs: number;
  readonly stride: number;
  readonly transposed?: boolean;
  /** Without the norm and the activation. */
  readonly convOnly?: boolean;
  /** With a scale and an offset for each channel behind the norm. */
  readonly affineNorm?: boolean;
}

/** MONAI's `InstanceNorm3d` default; its variance is the biased one. */
const NORM_EPSILON = 1e-5;
const PRELU_SLOPE = 0.25;

/** MONAI's `Convolution`: convolution, instance norm, PReLU with one slope. */
export function convolution(name: string, options: ConvolutionOptions): Layer {
  const { inputs, outputs, stride, transposed = false, convOnly = false, affineNorm } = options;
  const conv = transposed
    ? transposedConvolution(`${name}.conv`, inputs, outputs, stride)
    : plainConvolution(`${name}.conv`, inputs, outputs, 3, stride);
  if (convOnly) return conv.withBias;
  const adn = `${name}.adn`;
  const behind = affineNorm ? affineNormAndActivation(adn, outputs) : normAndActivation(adn);
  return sequential(conv.withoutBias, behind);
}

/** MONAI's `ADN` in the order norm, (no) dropout, activation. */
function normAndActivation(name: string): Layer {
  const slope = slopeOf(name);
  return {
    parameters: [slope],
    apply: (x, parameters) =>
      instanceNormPrelu(x, parameters(slope.name) as tf.Tensor1D, { epsilon: NORM_EPSILON }),
  };
}

/** The same with the norm's own parameters, as PyTorch's `InstanceNorm3d(affine=True)` begins them. */
function affineNormAndActivation(name: string, channels: number): Layer {
  const slope = slopeOf(name);
  const norm = (parameter: string, value: number): ParameterSpec => ({
    ...{ name: `${name}.N.${parameter}`, shape: [channels], role: 'norm' },
    initial: { kind: 'constant', value },
  });
  const [scale, offset] = [norm('weight', 1), norm('bias', 0)];
  return {
    parameters: [scale, offset, slope],
    apply: (x, parameters) => {
      const value = ({ name }: ParameterSpec) => parameters(name) as tf.Tensor1D;
      const normal = instanceNorm(x, { epsilon: NORM_EPSILON });
      return prelu(affine(normal, value(scale), value(offset)), value(slope));
    },
  };
}

function slopeOf(name: string): ParameterSpec {
  return {
    ...{ name: `${name}.A.weight`, shape: [1], role: 'weight' },
    initial: { kind: 'constant', value: PRELU_SLOPE },
  };
}

/**
 * The two ways to run a convolution, with the same parameters. What an instance norm follows needs no
 * bias: a constant per channel has no effect on the result and no gradient, so adding it would be two
 * passes over the volume for nothing. The parameter stays in the state dict, as MONAI has it.
 */
interface BiasChoice {
  readonly withBias: Layer;
  readonly withoutBias: Layer;
}

/** PyTorch's `Conv3d` with symmetric padding (kernel − 1)/2. */
export function plainConvolution(
  name: string,
  inputs: number,
  outputs: number,
  kernel: 1 | 3,
  stride: number,
): BiasChoice {
  const shape = [outputs, inputs, kernel, kernel, kernel];
  const padding = (kernel - 1) / 2;
  return biasChoice(name, shape, outputs, (x, filter, bias) =>
    conv3d(x, filter, { strides: stride, padding, ...(bias && { bias }) }),
  );
}

/** PyTorch's `ConvTranspose3d`, kernel 3, padding 1, output padding stride − 1: n → n·stride. */
function transposedConvolution(
  name: string,
  inputs: number,
  outputs: number,
  stride: number,
): BiasChoice {
  const shape = [inputs, outputs, 3, 3, 3];
  return biasChoice(name, shape, outputs, (x, filter, bias) =>
    conv3dTranspose(x, filter, {
      strides: stride,
      padding: 1,
      outputPadding: stride - 1,
      ...(bias && { bias }),
    }),
  );
}

function biasChoice(
  name: string,
  shape: readonly number[],
  outputs: number,
  run: (x: tf.Tensor5D, filter: tf.Tensor5D, bias?: tf.Tensor1D) => tf.Tensor5D,
): BiasChoice {
  // PyTorch's default: Kaiming-uniform with a = √5, whose bound is 1/√fanIn. Its fan-in is the second
  // axis times the kernel, for transposed convolutions too.
  const fanIn = shape.slice(1).reduce((product, size) => product * size, 1);
  const initial: Initial = { kind: 'uniform', bound: 1 / Math.sqrt(fanIn) };
  const [weight, bias] = [`${name}.weight`, `${name}.bias`];
  const parameters: ParameterSpec[] = [
    { name: weight, shape, initial, role: 'weight' },
    { name: bias, shape: [outputs], initial, role: 'weight' },
  ];
  const filterOf = (values: Parameters) => values(weight) as tf.Tensor5D;
  return {
    withBias: {
      parameters,
      apply: (x, values) => run(x, filterOf(values), values(bias) as tf.Tensor1D),
    },
    withoutBias: { parameters, apply: (x, values) => run(x, filterOf(values)) },
  };
}

export function sequential(...layers: readonly Layer[]): Layer {
  return {
    parameters: layers.flatMap((layer) => layer.parameters),
    apply: (x, parameters) => layers.reduce((value, layer) => layer.apply(value, parameters), x),
  };
}

export const identity: Layer = { parameters: [], apply: (x) => x };

/**
 * The sum of what two layers make of one input. Its gradient is written out, like that of
 * `skipConnection`: in Node, TensorFlow.js comes without the gradients of its own operations.
 */
export function parallelSum(main: Layer, side: Layer): Layer {
  const sum = tf.customGrad<tf.Tensor5D>((...args) => {
    const [a, b] = args as [tf.Tensor5D, tf.Tensor5D];
    // Clones, because the tape disposes of each input's gradient on its own.
    return { value: tf.add(a, b), gradFunc: (dy) => [tf.clone(dy), tf.clone(dy)] };
  });
  return {
    parameters: [...main.parameters, ...side.parameters],
    apply: (x, parameters) => sum(main.apply(x, parameters), side.apply(x, parameters)),
  };
}

/** MONAI's `SkipConnection`: the input, and behind it in the channels what the layer makes of it. */
export function skipConnection(layer: Layer): Layer {
  const join = tf.customGrad<tf.Tensor5D>((...args) => {
    const [a, b] = args as [tf.Tensor5D, tf.Tensor5D];
    const channels = [a.shape[4], b.shape[4]];
    return { value: tf.concat([a, b], 4), gradFunc: (dy) => tf.split(dy, channels, 4) };
  });
  return {
    parameters: layer.parameters,
    apply: (x, parameters) => join(x, layer.apply(x, parameters)),
  };
}
