import {
  add,
  mean,
  mul,
  reciprocal,
  reshape,
  rsqrt,
  square,
  sub,
  type Tensor,
  type Tensor1D,
  type Tensor2D,
  type Tensor5D,
  tidy,
} from '@tensorflow/tfjs-core';
import { fail } from '../errors.js';
import { type Operation, run, runAll } from './operation.js';

export interface NormOptions {
  /** Added to the variance; 1e-5, PyTorch's, when left out. */
  readonly epsilon?: number;
  /** [channels], multiplied in after normalisation; 1 when left out. */
  readonly scale?: Tensor1D;
  /** [channels], added at the end; 0 when left out. */
  readonly offset?: Tensor1D;
}

/**
 * Normalises every channel of every sample over its own volume, with the biased variance
 * (Ulyanov et al. 2016, arXiv:1607.08022; `torch.nn.functional.instance_norm`).
 * @param x [batch, depth, height, width, channels]
 * @returns the same shape
 */
export function instanceNorm(x: Tensor5D, options: NormOptions = {}): Tensor5D {
  return groupNorm(x, x.shape[4], options);
}

/**
 * Normalises every group of neighbouring channels of every sample over its volume (Wu & He 2018,
 * arXiv:1803.08494; `torch.nn.functional.group_norm`).
 * @param x [batch, depth, height, width, channels]
 * @param groups a divisor of the number of channels
 * @returns the same shape
 * @throws FedvoxError `torch/uneven-groups`
 */
export function groupNorm(
  x: Tensor5D,
  groups: number,
  { epsilon = 1e-5, scale, offset }: NormOptions = {},
): Tensor5D {
  const channels = x.shape[4];
  if (channels % groups !== 0) throw fail('uneven-groups', { channels, groups });
  return tidy(() => affine(run(normalisation, { x }, { groups, epsilon }), scale, offset));
}

export type BatchNormed = {
  readonly y: Tensor5D;
  /** [channels], for running averages; without gradient, like the variance (the biased one). */
  readonly mean: Tensor1D;
  readonly variance: Tensor1D;
};

/**
 * Normalises every channel over the whole batch, as batch norm does in training (Ioffe & Szegedy 2015,
 * arXiv:1502.03167; `torch.nn.functional.batch_norm` with `training=True`). For inference with running
 * averages there is `tf.batchNorm`.
 * @param x [batch, depth, height, width, channels]
 */
export function batchNorm(
  x: Tensor5D,
  { epsilon = 1e-5, scale, offset }: NormOptions = {},
): BatchNormed {
  const [batch, depth, height, width, groups] = x.shape;
  return tidy(() => {
    // One sample of a deeper volume: what is normalised together is one volume then.
    const whole: Tensor5D = reshape(x, [1, batch * depth, height, width, groups]);
    const outputs = runAll(normalisation, { x: whole }, { groups, epsilon });
    const [normal, inverse, average] = outputs as [Tensor5D, Tensor2D, Tensor2D];
    const variance = sub(reciprocal(square(inverse)), epsilon);
    return {
      y: affine(reshape(normal, x.shape), scale, offset),
      mean: reshape(average, [groups]) as Tensor1D,
      variance: reshape(variance, [groups]) as Tensor1D,
    };
  });
}

function affine(x: Tensor5D, scale: Tensor1D | undefined, offset: Tensor1D | undefined): Tensor5D {
  const scaled: Tensor5D = scale === undefined ? x : mul(x, scale);
  return offset === undefined ? scaled : add(scaled, offset);
}

/** Gives y, and 1 / √(variance + ε) and mean as [batch, groups]; the first two determine the gradient. */
const normalisation: Operation<{ x: Tensor5D }, { groups: number; epsilon: number }> = {
  kernelName: 'FedvoxGroupNorm',
  composed: ({ x }, { groups, epsilon }) => {
    const grouped = byGroup(x, groups);
    const average = mean(grouped, WITHIN_GROUP, true);
    const centred = sub(grouped, average);
    const inverse = rsqrt(add(mean(square(centred), WITHIN_GROUP, true), epsilon));
    const perGroup = [x.shape[0], groups];
    const y = reshape(mul(centred, inverse), x.shape);
    return [y, reshape(inverse, perGroup), reshape(average, perGroup)];
  },
  gradient: {
    outputsToSave: [true, true, false],
    of: (dy, saved, { groups }) => {
      const [y, inverse] = saved as [Tensor5D, Tensor2D];
      return { x: () => run(inputGradient, { dy: dy as Tensor5D, y, inverse }, { groups }) };
    },
  },
};

type GradientInputs = { dy: Tensor5D; y: Tensor5D; inverse: Tensor2D };

const inputGradient: Operation<GradientInputs, { groups: number }> = {
  kernelName: 'FedvoxGroupNormGradient',
  composed: ({ dy, y, inverse }, { groups }) => {
    const [gradient, normal] = [byGroup(dy, groups), byGroup(y, groups)];
    const alongMean = mean(gradient, WITHIN_GROUP, true);
    const alongNormal = mul(normal, mean(mul(gradient, normal), WITHIN_GROUP, true));
    const scale = reshape(inverse, [y.shape[0], 1, groups, 1]);
    return reshape(mul(sub(sub(gradient, alongMean), alongNormal), scale), y.shape);
  },
};

/** [batch, voxels, groups, channels of a group] */
function byGroup(x: Tensor5D, groups: number): Tensor {
  const [batch, depth, height, width, channels] = x.shape;
  return reshape(x, [batch, depth * height * width, groups, channels / groups]);
}

const WITHIN_GROUP = [1, 3];
