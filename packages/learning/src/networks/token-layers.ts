import {
  layerNorm as normalised,
  linear as product,
  gelu as soft,
} from '@fedvox/tfjs-backend-torch';
import type * as tf from '@tensorflow/tfjs-core';
import type { Layer, Pass } from './layer.js';
import { NORM_EPSILON, scaleAndOffsetSpecs } from './norms.js';
import type { ParameterSpec } from './parameters.js';

/** PyTorch's `GELU`. */
export const gelu: Layer = { parameters: [], apply: (x) => soft(x) };

/** Without parameters: PyTorch's `layer_norm` over the channels. */
export const plainLayerNorm: Layer = {
  parameters: [],
  apply: (x) => normalised(x, { epsilon: NORM_EPSILON }),
};

/** PyTorch's `LayerNorm` over the channels. */
export function layerNorm(name: string, channels: number): Layer {
  const parameters = scaleAndOffsetSpecs(name, channels);
  const [scale, offset] = parameters;
  return {
    parameters,
    apply: (x, { value }) =>
      normalised(x, {
        ...{ epsilon: NORM_EPSILON, scale: value(scale.name) as tf.Tensor1D },
        offset: value(offset.name) as tf.Tensor1D,
      }),
  };
}

/** PyTorch's `Linear`, of tensors of any rank, channels last. */
export interface Linear {
  readonly parameters: readonly ParameterSpec[];
  apply<T extends tf.Tensor>(x: T, pass: Pass): T;
}

export function linear(name: string, inputs: number, outputs: number, isBiased = true): Linear {
  const initial = { kind: 'uniform', bound: 1 / Math.sqrt(inputs) } as const;
  const weight = {
    name: `${name}.weight`,
    shape: [outputs, inputs],
    initial,
    role: 'weight',
  } as const;
  const bias = { name: `${name}.bias`, shape: [outputs], initial, role: 'weight' } as const;
  return {
    parameters: isBiased ? [weight, bias] : [weight],
    apply: (x, { value }) =>
      product(
        x,
        value(weight.name) as tf.Tensor2D,
        isBiased ? (value(bias.name) as tf.Tensor1D) : undefined,
      ),
  };
}
