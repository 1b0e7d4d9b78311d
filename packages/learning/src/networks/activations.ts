import { prelu as sloped } from '@fedvox/tfjs-backend-torch';
import * as tf from '@tensorflow/tfjs-core';
import type { Layer } from './layer.js';
import type { ParameterSpec } from './parameters.js';

/** PyTorch's `PReLU` with one slope for all channels, which is trained. */
export function prelu(name: string): Layer {
  const slope = slopeOf(name);
  return {
    parameters: [slope],
    apply: (x, { value }) => sloped(x, value(slope.name) as tf.Tensor1D),
  };
}

/** The parameter of a `prelu`, as PyTorch begins it. */
export function slopeOf(name: string): ParameterSpec {
  return {
    ...{ name: `${name}.weight`, shape: [1], role: 'weight' },
    initial: { kind: 'constant', value: 0.25 },
  };
}

/** PyTorch's `LeakyReLU`. */
export function leakyRelu(slope: number): Layer {
  return { parameters: [], apply: (x) => sloped(x, tf.tensor1d([slope])) };
}

export const relu: Layer = leakyRelu(0);
