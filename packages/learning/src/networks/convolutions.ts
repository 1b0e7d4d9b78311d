import { conv3d, conv3dTranspose } from '@fedvox/tfjs-backend-torch';
import type * as tf from '@tensorflow/tfjs-core';
import type { Layer } from './layer.js';
import type { Initial, ParameterSpec } from './parameters.js';

/** One value for each axis of space, or one for all. */
export type PerAxis = number | Triple;
type Triple = readonly [number, number, number];

export interface ConvolutionOptions {
  readonly inputs: number;
  readonly outputs: number;
  /** Voxels along each axis. */
  readonly kernel: PerAxis;
  /** 1 when left out. */
  readonly stride?: PerAxis;
  /** Zeros on both sides; (kernel − 1)/2 when left out. */
  readonly padding?: PerAxis;
  /** `added` when left out. */
  readonly bias?: Bias;
  /** As PyTorch draws them when left out. */
  readonly begins?: Beginning;
}

/** How fresh parameters are drawn, by how many values make one output. */
export interface Beginning {
  weight(fanIn: number): Initial;
  bias(fanIn: number): Initial;
}

/**
 * `absent` has no such parameter. `unused` has it and leaves it out, for what an instance norm follows
 * needs none: a constant per channel has no effect on the result and no gradient, so adding it would be
 * two passes over the volume for nothing. The parameter stays in the state dict, as MONAI has it. `counted`
 * is left out in training alone, in front of a batch norm, which counts it into its running mean.
 */
export type Bias = 'added' | 'counted' | 'unused' | 'absent';

export interface TransposedOptions extends ConvolutionOptions {
  /** Added to one side of the output; stride − 1 when left out, so that n becomes n·stride. */
  readonly outputPadding?: PerAxis;
}

/** PyTorch's `Conv3d`. */
export function convolution(name: string, options: ConvolutionOptions): Layer {
  const { inputs, outputs, kernel, stride: strides = 1, bias = 'added' } = options;
  const { padding = mapped(kernel, (length) => (length - 1) / 2), begins } = options;
  const shape = [outputs, inputs, ...triple(kernel)];
  return withFilter(name, { shape, outputs, bias, begins }, (x, filter, added) =>
    conv3d(x, filter, { strides, padding, ...added }),
  );
}

/** PyTorch's `ConvTranspose3d`. */
export function transposedConvolution(name: string, options: TransposedOptions): Layer {
  const { inputs, outputs, kernel, stride: strides = 1, bias = 'added' } = options;
  const { padding = mapped(kernel, (length) => (length - 1) / 2) } = options;
  const { outputPadding = mapped(strides, (step) => step - 1), begins } = options;
  const shape = [inputs, outputs, ...triple(kernel)];
  return withFilter(name, { shape, outputs, bias, begins }, (x, filter, added) =>
    conv3dTranspose(x, filter, { strides, padding, outputPadding, ...added }),
  );
}

interface FilterOptions {
  readonly shape: readonly number[];
  readonly outputs: number;
  readonly bias: Bias;
  readonly begins?: Beginning | undefined;
}

/** PyTorch's default: Kaiming-uniform with a = √5, for the bias too. */
const uniform = (fanIn: number): Initial => ({ kind: 'uniform', bound: 1 / Math.sqrt(fanIn) });
const AS_PYTORCH: Beginning = { weight: uniform, bias: uniform };

function withFilter(
  name: string,
  { shape, outputs, bias, begins = AS_PYTORCH }: FilterOptions,
  run: (x: tf.Tensor5D, filter: tf.Tensor5D, added: { bias?: tf.Tensor1D }) => tf.Tensor5D,
): Layer {
  // PyTorch's is the second axis times the kernel, for transposed convolutions too.
  const fanIn = shape.slice(1).reduce((product, size) => product * size, 1);
  const weight: ParameterSpec = {
    ...{ name: `${name}.weight`, shape, role: 'weight' },
    initial: begins.weight(fanIn),
  };
  const offset: ParameterSpec = {
    ...{ name: `${name}.bias`, shape: [outputs], role: 'weight' },
    initial: begins.bias(fanIn),
    hasGradient: bias === 'added',
  };
  return {
    parameters: bias === 'absent' ? [weight] : [weight, offset],
    apply: (x, { value, training }) => {
      const isAdded = bias === 'added' || (bias === 'counted' && training === undefined);
      return run(x, value(weight.name) as tf.Tensor5D, {
        ...(isAdded && { bias: value(offset.name) as tf.Tensor1D }),
      });
    },
  };
}

export const triple = (values: PerAxis): Triple =>
  typeof values === 'number' ? [values, values, values] : values;

function mapped(values: PerAxis, change: (value: number) => number): Triple {
  const [x, y, z] = triple(values);
  return [change(x), change(y), change(z)];
}
