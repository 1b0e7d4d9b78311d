import type { NormSpec } from '@fedvox/job';
import { instanceNormPrelu } from '@fedvox/tfjs-backend-torch';
import * as tf from '@tensorflow/tfjs-core';
import { leakyRelu } from './activations.js';
import { chosenNorm, isPlain } from './chosen-norm.js';
import { type Beginning, convolution, type PerAxis, triple } from './convolutions.js';
import { identity, type Layer, parallelSum, sequential } from './layer.js';
import { NORM_EPSILON } from './norms.js';

export const SLOPE = 0.01;

export interface DynunetBlockOptions {
  readonly inputs: number;
  readonly outputs: number;
  readonly kernel: PerAxis;
  readonly stride: PerAxis;
  readonly norm: NormSpec;
  /** Whether it adds what came in to what comes out. */
  readonly isResidual: boolean;
  /** As PyTorch draws them when left out. */
  readonly begins?: Beginning;
}

/** MONAI's `UnetBasicBlock`; where it is residual, `UnetResBlock`. */
export function dynunetBlock(name: string, options: DynunetBlockOptions): Layer {
  const { inputs, outputs, kernel, stride, norm, isResidual, begins } = options;
  const normed = (number: number) => chosenNorm(`${name}.norm${number}`, outputs, norm);
  const conv = (number: number, from: number, size: PerAxis, step: PerAxis) =>
    convolution(`${name}.conv${number}.conv`, {
      ...{ inputs: from, outputs, kernel: size, stride: step, bias: 'absent' },
      ...(begins && { begins }),
    });
  const first = sequential(
    conv(1, inputs, kernel, stride),
    activated(`${name}.norm1`, outputs, norm),
    conv(2, outputs, kernel, 1),
  );
  if (!isResidual) return sequential(first, activated(`${name}.norm2`, outputs, norm));
  const isSame = inputs === outputs && triple(stride).every((step) => step === 1);
  const side = isSame ? identity : sequential(conv(3, inputs, 1, stride), normed(3));
  return sequential(parallelSum(sequential(first, normed(2)), side), leakyRelu(SLOPE));
}

/** The norm and a leaky ReLU, in one pass where they can be. */
function activated(name: string, channels: number, norm: NormSpec): Layer {
  if (!isPlain(norm)) return sequential(chosenNorm(name, channels, norm), leakyRelu(SLOPE));
  const slope = () => tf.tensor1d([SLOPE]);
  return {
    parameters: [],
    apply: (x) => instanceNormPrelu(x, slope(), { epsilon: NORM_EPSILON }),
  };
}
