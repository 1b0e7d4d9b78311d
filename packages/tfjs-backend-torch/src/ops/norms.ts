import {
  add,
  greater,
  mean,
  minimum,
  mul,
  ones,
  reciprocal,
  reshape,
  rsqrt,
  slice,
  square,
  stack,
  sub,
  sum,
  type Tensor,
  type Tensor1D,
  type Tensor2D,
  type Tensor3D,
  type Tensor5D,
  tidy,
  where,
} from '@tensorflow/tfjs-core';
import { fail } from '../errors.js';
import { expectShapes } from './fit.js';
import { type Operation, run, runAll } from './operation.js';

export interface NormOptions {
  /** Added to the variance; 1e-5, PyTorch's, when left out. */
  readonly epsilon?: number;
  /** [channels], multiplied in after normalisation; 1 when left out. */
  readonly scale?: Tensor1D;
  /** [channels], added at the end; 0 when left out. */
  readonly offset?: Tensor1D;
}

const NORM = { x: ['N', 'D', 'H', 'W', 'C'], scale: ['C'], offset: ['C'] };
const NORM_PRELU = { x: NORM.x, alpha: ['C|1'] };

/**
 * Normalises every channel of every sample over its own volume, with the biased variance
 * (Ulyanov et al. 2016, arXiv:1607.08022; `torch.nn.functional.instance_norm`).
 * @param x [batch, depth, height, width, channels]
 * @returns the same shape
 * @throws FedvoxError `torch/misfit`
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
 * @throws FedvoxError `torch/misfit`, `torch/uneven-groups`
 */
export function groupNorm(
  x: Tensor5D,
  groups: number,
  { epsilon = 1e-5, scale, offset }: NormOptions = {},
): Tensor5D {
  expectShapes('norm', { x, scale, offset }, NORM);
  const channels = x.shape[4];
  const isDivisor = Number.isInteger(groups) && groups > 0 && channels % groups === 0;
  if (!isDivisor) throw fail('uneven-groups', { channels, groups });
  return tidy(() => {
    const normal: Tensor5D = run(normPrelu, { x, alpha: ones([1]) }, { groups, epsilon });
    return affine(normal, scale, offset);
  });
}

/**
 * Instance norm without scale and offset, and a PReLU behind it, in as few passes as one of them takes.
 * @param x [batch, depth, height, width, channels]
 * @param alpha [1], shared by all channels, or [channels]
 * @returns the same shape
 * @throws FedvoxError `torch/misfit`
 */
export function instanceNormPrelu(
  x: Tensor5D,
  alpha: Tensor1D,
  { epsilon = 1e-5 }: Pick<NormOptions, 'epsilon'> = {},
): Tensor5D {
  expectShapes('instanceNormPrelu', { x, alpha }, NORM_PRELU);
  return run(normPrelu, { x, alpha }, { groups: x.shape[4], epsilon });
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
 * @throws FedvoxError `torch/misfit`
 */
export function batchNorm(
  x: Tensor5D,
  { epsilon = 1e-5, scale, offset }: NormOptions = {},
): BatchNormed {
  expectShapes('batchNorm', { x, scale, offset }, NORM);
  const [batch, depth, height, width, groups] = x.shape;
  return tidy(() => {
    // One sample of a deeper volume: what is normalised together is one volume then.
    const whole: Tensor5D = reshape(x, [1, batch * depth, height, width, groups]);
    const outputs = runAll(normPrelu, { x: whole, alpha: ones([1]) }, { groups, epsilon });
    const [normal, average, inverse] = outputs as [Tensor5D, Tensor2D, Tensor2D];
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

type NormAttributes = { groups: number; epsilon: number };

/** Gives y, and mean and 1 / √(variance + ε) as [batch, groups]. */
const normPrelu: Operation<{ x: Tensor5D; alpha: Tensor }, NormAttributes> = {
  kernelName: 'FedvoxNormPrelu',
  composed: ({ x, alpha }, { groups, epsilon }) => {
    const grouped = byGroup(x, groups);
    const average = mean(grouped, WITHIN_GROUP, true);
    const centred = sub(grouped, average);
    const inverse = rsqrt(add(mean(square(centred), WITHIN_GROUP, true), epsilon));
    const normal = reshape(mul(centred, inverse), x.shape);
    const y = where(greater(normal, 0), normal, mul(normal, alpha));
    const perGroup = [x.shape[0], groups];
    return [y, reshape(average, perGroup), reshape(inverse, perGroup)];
  },
  gradient: {
    inputsToSave: ['x', 'alpha'],
    outputsToSave: [false, true, true],
    of: (dy, saved) => {
      const [x, alpha, average, inverse] = saved as [Tensor5D, Tensor1D, Tensor2D, Tensor2D];
      const normed = { x, alpha, mean: average, inverse };
      // Small, and both gradients are made of them; they go with the scope of the backward pass.
      const sums: Tensor3D = run(gradientSums, { dy: dy as Tensor5D, ...normed }, {});
      return {
        x: () => run(inputGradient, { dy: dy as Tensor5D, ...normed, sums }, {}),
        alpha: () => alphaGradient(sums, alpha.shape[0]),
      };
    },
  },
};

/** What the forward pass knew. */
type Normed = { x: Tensor5D; alpha: Tensor1D; mean: Tensor2D; inverse: Tensor2D };

/** With h the norm and g the gradient before the PReLU: Σg, Σgh and alpha's gradient, [3, batch, channels]. */
const gradientSums: Operation<Normed & { dy: Tensor5D }, object> = {
  kernelName: 'FedvoxNormPreluSums',
  composed: ({ dy, ...normed }) => {
    const { normal, gradient } = beforePrelu(dy, normed);
    const below = mul(dy, minimum(normal, 0));
    const summed = [gradient, mul(gradient, normal), below].map((values) => sum(values, SPACE));
    return stack(summed);
  },
};

const inputGradient: Operation<Normed & { dy: Tensor5D; sums: Tensor3D }, object> = {
  kernelName: 'FedvoxNormPreluInputGradient',
  composed: ({ dy, sums, ...normed }) => {
    const [batch, depth, height, width, channels] = dy.shape;
    const groups = normed.mean.shape[1];
    const { normal, gradient } = beforePrelu(dy, normed);
    const voxels = depth * height * width;
    const averages = mean(reshape(sums, [3, batch, groups, channels / groups]), 3);
    const average = (kind: number) =>
      overVolume(mul(reshape(slice(averages, kind, 1), [batch, groups]), 1 / voxels), dy.shape);
    const centred = sub(sub(gradient, average(0)), mul(normal, average(1)));
    return mul(centred, overVolume(normed.inverse, dy.shape));
  },
};

function beforePrelu(dy: Tensor5D, { x, alpha, mean: average, inverse }: Normed) {
  const centred = sub(x, overVolume(average, x.shape));
  const normal = mul(centred, overVolume(inverse, x.shape));
  return { normal, gradient: where(greater(normal, 0), dy, mul(dy, alpha)) };
}

function alphaGradient(sums: Tensor3D, slopes: number): Tensor {
  const below = slice(sums, 2, 1);
  return slopes === 1 ? reshape(sum(below), [1]) : sum(below, [0, 1]);
}

/** [batch, groups] made to broadcast over a volume of that shape. */
function overVolume(values: Tensor, shape: Tensor5D['shape']): Tensor {
  const [batch, groups] = values.shape as [number, number];
  const perGroup = shape[4] / groups;
  const repeated = mul(reshape(values, [batch, 1, 1, 1, groups, 1]), ones([perGroup]));
  return reshape(repeated, [batch, 1, 1, 1, shape[4]]);
}

/** [batch, voxels, groups, channels of a group] */
function byGroup(x: Tensor5D, groups: number): Tensor {
  const [batch, depth, height, width, channels] = x.shape;
  return reshape(x, [batch, depth * height * width, groups, channels / groups]);
}

const SPACE = [1, 2, 3];
const WITHIN_GROUP = [1, 3];
