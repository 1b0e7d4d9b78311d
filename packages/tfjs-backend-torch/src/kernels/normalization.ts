import type {
  FusedBatchNormAttrs,
  KernelConfig,
  LRNAttrs,
  LRNGradAttrs,
  SoftmaxAttrs,
} from '@tensorflow/tfjs-core';
import type { Handle } from '../native.js';
import type { Torch } from '../torch.js';
import { kernel } from './kernel.js';

type BatchNormInputs = {
  x: Handle;
  mean: Handle;
  variance: Handle;
  offset?: Handle;
  scale?: Handle;
};

export const normalizationKernels: readonly KernelConfig[] = [
  kernel<{ logits: Handle }, SoftmaxAttrs>('Softmax', (t, { logits }, { dim }) =>
    overClasses(t, logits, dim, 'softmax.int'),
  ),
  kernel<{ logits: Handle }, { axis: number }>('LogSoftmax', (t, { logits }, { axis }) =>
    overClasses(t, logits, axis, 'log_softmax.int'),
  ),
  kernel<BatchNormInputs, FusedBatchNormAttrs>('FusedBatchNorm', (t, inputs, attrs) => {
    const { x, mean, variance, offset, scale } = inputs as BatchNormInputs;
    const deviation = t.run('sqrt', t.run('add.Scalar', variance, attrs.varianceEpsilon));
    const normal = t.run('div.Tensor', t.run('sub.Tensor', x, mean), deviation);
    const scaled = scale === undefined ? normal : t.run('mul.Tensor', normal, scale);
    return offset === undefined ? scaled : t.run('add.Tensor', scaled, offset);
  }),
  kernel<{ x: Handle }, LRNAttrs>('LRN', (t, { x }, attrs) => {
    const denominator = t.run('pow.Tensor_Scalar', localEnergy(t, x, attrs), attrs.beta);
    return t.run('div.Tensor', x, denominator);
  }),
  kernel<{ x: Handle; y: Handle; dy: Handle }, LRNGradAttrs>('LRNGrad', lrnGradient),
];

/** Below this many classes ATen's softmax over the last axis takes ten times as long as over the first. */
const FEW_CLASSES = 16;

/** A softmax in float32 over the last axis. */
function overClasses(t: Torch, logits: Handle, axis: number, operator: string): Handle {
  const [exact, shape] = [t.full32(logits), t.shape(logits)];
  const classes = shape.at(-1) as number;
  const isLast = axis === -1 || axis === shape.length - 1;
  if (!isLast || classes >= FEW_CLASSES) return t.run(operator, exact, axis);
  const classesFirst = t.run('transpose.int', t.run('reshape', exact, [-1, classes]), 0, 1);
  const result = t.run(operator, t.run('contiguous', classesFirst), 0);
  return t.run('reshape', t.run('transpose.int', result, 0, 1), shape);
}

type LrnWindow = { depthRadius: number; bias: number; alpha: number };

/** bias + alpha · Σ x² over the channels within the radius. */
function localEnergy(t: Torch, x: Handle, { depthRadius, bias, alpha }: LrnWindow): Handle {
  const sums = channelWindowSums(t, t.run('square', x), depthRadius);
  return t.run('add.Scalar', t.run('mul.Scalar', sums, alpha), bias);
}

/** Σ over the channels (the last axis) at most `radius` away. */
function channelWindowSums(t: Torch, x: Handle, radius: number): Handle {
  const rows = t.run('flatten.using_ints', t.run('unsqueeze', x, 0), 0, -2);
  const padded = t.run('constant_pad_nd', rows, [radius, radius], 0);
  const windows = t.run('unfold', padded, 1, 2 * radius + 1, 1);
  return t.run('reshape', t.run('sum.dim_IntList', windows, [-1]), t.shape(x));
}

/** dx = dy · E^-β − 2αβ · x · Σ_window (dy · x · E^(-β-1)), the derivative of x · E^-β. */
function lrnGradient(t: Torch, { x, dy }: { x: Handle; dy: Handle }, attrs: LRNGradAttrs): Handle {
  const { alpha, beta, depthRadius } = attrs;
  const energy = localEnergy(t, x, attrs);
  const direct = t.run('mul.Tensor', dy, t.run('pow.Tensor_Scalar', energy, -beta));
  const shared = t.run('div.Tensor', t.run('mul.Tensor', direct, x), energy);
  const neighbours = t.run('mul.Tensor', x, channelWindowSums(t, shared, depthRadius));
  return t.run('sub.Tensor', direct, neighbours, 2 * alpha * beta);
}
