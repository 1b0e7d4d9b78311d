import { instanceNormPrelu } from '@fedvox/tfjs-backend-torch';
import type * as tf from '@tensorflow/tfjs-core';
import { prelu, slopeOf } from './activations.js';
import { convolution, transposedConvolution } from './convolutions.js';
import { type Layer, sequential } from './layer.js';
import { instanceNorm, NORM_EPSILON } from './norms.js';

export interface BlockOptions {
  readonly inputs: number;
  readonly outputs: number;
  readonly stride: number;
  readonly transposed?: boolean;
  /** Without the norm and the activation. */
  readonly convOnly?: boolean;
  /** With a scale and an offset for each channel behind the norm. */
  readonly affineNorm?: boolean;
}

/** MONAI's `Convolution`: convolution, instance norm, PReLU with one slope. */
export function convolutionBlock(name: string, options: BlockOptions): Layer {
  const { inputs, outputs, stride, transposed = false, convOnly = false, affineNorm } = options;
  const conv = (transposed ? transposedConvolution : convolution)(`${name}.conv`, {
    ...{ inputs, outputs, stride, kernel: 3 },
    bias: convOnly ? 'added' : 'unused',
  });
  if (convOnly) return conv;
  const adn = `${name}.adn`;
  return affineNorm
    ? sequential(conv, instanceNorm(`${adn}.N`, outputs), prelu(`${adn}.A`))
    : sequential(conv, plainNormAndPrelu(`${adn}.A`));
}

/** In as few passes over the volume as one of them takes. */
function plainNormAndPrelu(name: string): Layer {
  const slope = slopeOf(name);
  return {
    parameters: [slope],
    apply: (x, { value }) =>
      instanceNormPrelu(x, value(slope.name) as tf.Tensor1D, { epsilon: NORM_EPSILON }),
  };
}
