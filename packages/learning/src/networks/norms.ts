import { groupNorm as normalised, instanceNorm as plain } from '@fedvox/tfjs-backend-torch';
import type * as tf from '@tensorflow/tfjs-core';
import { affine } from './channel-affine.js';
import { type Layer, sequential } from './layer.js';
import type { ParameterSpec } from './parameters.js';

/** PyTorch's default, added to the variance, which is the biased one. */
export const NORM_EPSILON = 1e-5;

/** PyTorch's `InstanceNorm3d`. */
export const plainInstanceNorm: Layer = {
  parameters: [],
  apply: (x) => plain(x, { epsilon: NORM_EPSILON }),
};

/** PyTorch's `InstanceNorm3d(affine=True)`. */
export function instanceNorm(name: string, channels: number): Layer {
  return sequential(plainInstanceNorm, scaleAndOffset(name, channels));
}

/** PyTorch's `GroupNorm`: what is normalised together are neighbouring channels, as many in each group. */
export function groupNorm(name: string, channels: number, groups: number): Layer {
  const norm = (x: tf.Tensor5D) => normalised(x, groups, { epsilon: NORM_EPSILON });
  return sequential({ parameters: [], apply: norm }, scaleAndOffset(name, channels));
}

export function scaleAndOffset(name: string, channels: number): Layer {
  const parameters = scaleAndOffsetSpecs(name, channels);
  const [scale, offset] = parameters;
  return {
    parameters,
    apply: (x, { value }) =>
      affine(x, value(scale.name) as tf.Tensor1D, value(offset.name) as tf.Tensor1D),
  };
}

/** A norm's own parameters, as PyTorch begins them. */
export function scaleAndOffsetSpecs(name: string, channels: number) {
  const parameter = (key: string, value: number): ParameterSpec => ({
    ...{ name: `${name}.${key}`, shape: [channels], role: 'norm' },
    initial: { kind: 'constant', value },
  });
  return [parameter('weight', 1), parameter('bias', 0)] as const;
}
