import type { NormSpec } from '@fedvox/job';
import { instanceNormPrelu } from '@fedvox/tfjs-backend-torch';
import type * as tf from '@tensorflow/tfjs-core';
import { prelu, slopeOf } from './activations.js';
import { chosenNorm, isPlain } from './chosen-norm.js';
import { type Bias, convolution, type PerAxis, transposedConvolution } from './convolutions.js';
import { dropout } from './drop-out.js';
import { identity, type Layer, sequential } from './layer.js';
import { NORM_EPSILON } from './norms.js';

export interface BlockOptions extends BehindConvolution {
  readonly inputs: number;
  readonly outputs: number;
  readonly kernel: PerAxis;
  readonly stride: number;
  readonly transposed?: boolean;
  /** Without what is behind it. */
  readonly convOnly?: boolean;
}

export interface BehindConvolution {
  /** An instance norm without parameters where absent. */
  readonly norm: NormSpec;
  /** The part of single values that is left out in training; none where absent. */
  readonly dropout?: number | undefined;
}

/** MONAI's `Convolution`, with its `ADN` in the order norm, drop-out, activation. */
export function convolutionBlock(name: string, options: BlockOptions): Layer {
  const { transposed = false, convOnly = false, ...shape } = options;
  const conv = (transposed ? transposedConvolution : convolution)(`${name}.conv`, {
    ...shape,
    bias: convOnly ? 'added' : biasInFrontOf(options.norm),
  });
  return convOnly
    ? conv
    : sequential(conv, behindConvolution(`${name}.adn`, `${name}.conv.bias`, options));
}

function biasInFrontOf(norm: NormSpec): Bias {
  if (norm?.kind !== 'batch') return 'unused';
  return norm.statistics === 'frozen' ? 'added' : 'counted';
}

function behindConvolution(
  name: string,
  bias: string,
  { outputs, norm, dropout: rate }: BlockOptions,
): Layer {
  const drop = rate === undefined ? identity : dropout(`${name}.D`, rate);
  const activation = prelu(`${name}.A`);
  const apart = sequential(chosenNorm(`${name}.N`, outputs, norm, bias), drop, activation);
  if (!isPlain(norm)) return apart;
  const together = plainNormAndPrelu(`${name}.A`);
  return {
    parameters: together.parameters,
    apply: (x, pass) =>
      (rate === undefined || pass.training === undefined ? together : apart).apply(x, pass),
  };
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
