import { backend_util, type KernelConfig } from '@tensorflow/tfjs-core';
import type { Handle } from '../native.js';
import type { Torch } from '../torch.js';
import { channelsLast, channelsSecond } from './image-layout.js';
import { kernel } from './kernel.js';
import { withoutNaN } from './reduction.js';
import {
  hasNoOutput,
  nativePadding,
  noOutput,
  padded,
  unpadded,
  type WindowAxis,
  windowAxes,
} from './window.js';

/** The attributes that every pool has; `dilations` only where tfjs allows them. */
interface PoolAttrs {
  filterSize: number | [number, number];
  strides: number | [number, number];
  pad: 'valid' | 'same' | number;
  dimRoundingMode?: 'floor' | 'round' | 'ceil';
  dilations?: number | [number, number];
  includeBatchInIndex?: boolean;
}

export const poolingKernels: readonly KernelConfig[] = [
  kernel<{ x: Handle }, PoolAttrs>('MaxPool', (t, { x }, attrs) =>
    maxPool(t, x, axes2d(t, x, attrs)),
  ),
  kernel<{ x: Handle }, PoolAttrs>('MaxPool3D', (t, { x }, attrs) =>
    maxPool(t, x, axes3d(t, x, attrs)),
  ),
  kernel<{ x: Handle }, PoolAttrs>('AvgPool', (t, { x }, attrs) =>
    averagePool(t, x, axes2d(t, x, attrs)),
  ),
  kernel<{ x: Handle }, PoolAttrs>('AvgPool3D', (t, { x }, attrs) =>
    averagePool(t, x, axes3d(t, x, attrs)),
  ),
  kernel<{ dy: Handle; input: Handle }, PoolAttrs>('MaxPoolGrad', (t, { dy, input }, attrs) =>
    maxPoolGradient(t, dy, input, axes2d(t, input, attrs)),
  ),
  kernel<{ dy: Handle; input: Handle }, PoolAttrs>('MaxPool3DGrad', (t, { dy, input }, attrs) =>
    maxPoolGradient(t, dy, input, axes3d(t, input, attrs)),
  ),
  kernel<{ dy: Handle; input: Handle }, PoolAttrs>('AvgPoolGrad', (t, { dy, input }, attrs) =>
    averagePoolGradient(t, dy, input, axes2d(t, input, attrs)),
  ),
  kernel<{ dy: Handle; input: Handle }, PoolAttrs>('AvgPool3DGrad', (t, { dy, input }, attrs) =>
    averagePoolGradient(t, dy, input, axes3d(t, input, attrs)),
  ),
];

function axes2d(t: Torch, x: Handle, attrs: PoolAttrs): WindowAxis[] {
  const shape = t.shape(x) as [number, number, number, number];
  const { filterSize, strides, dilations, pad, dimRoundingMode } = attrs;
  return windowAxes(
    backend_util.computePool2DInfo(
      shape,
      filterSize,
      strides,
      dilations ?? 1,
      pad,
      dimRoundingMode,
    ),
  );
}

function axes3d(t: Torch, x: Handle, attrs: PoolAttrs): WindowAxis[] {
  const shape = t.shape(x) as [number, number, number, number, number];
  const { filterSize, strides, pad, dimRoundingMode } = attrs as {
    filterSize: number;
    strides: number;
  } & PoolAttrs;
  return windowAxes(
    backend_util.computePool3DInfo(shape, filterSize, strides, 1, pad, dimRoundingMode),
  );
}

/** Window size, stride, padding, dilation: as ATen's pools want them. */
function settings(axes: readonly WindowAxis[]) {
  return [
    axes.map((axis) => (axis.windowSize - 1) / axis.dilation + 1),
    axes.map((axis) => axis.stride),
    nativePadding(axes),
    axes.map((axis) => axis.dilation),
  ] as const;
}

function maxWithIndices(t: Torch, x: Handle, axes: WindowAxis[]) {
  const lowest = Number.NEGATIVE_INFINITY;
  const input = padded(t, channelsSecond(t, withoutNaN(t, x, lowest)), axes, lowest);
  const operator = `max_pool${axes.length}d_with_indices`;
  const [values, indices] = t.runMany(operator, input, ...settings(axes));
  return { input, values: values as Handle, indices: indices as Handle };
}

function maxPool(t: Torch, x: Handle, axes: WindowAxis[]): Handle {
  if (hasNoOutput(axes)) return noOutput(t, x, axes);
  return channelsLast(t, maxWithIndices(t, x, axes).values);
}

/** In float32: not every pool's gradient, nor every mean, is there in bfloat16. */
function maxPoolGradient(t: Torch, dy: Handle, x: Handle, axes: WindowAxis[]): Handle {
  const { input, indices } = maxWithIndices(t, t.full32(x), axes);
  const operator = `max_pool${axes.length}d_with_indices_backward`;
  const behind = channelsSecond(t, t.full32(dy));
  const gradient = t.run(operator, behind, input, ...settings(axes), false, indices);
  return channelsLast(t, unpadded(t, gradient, axes));
}

/** Sum of each window over a padded [N, C, spatial…] tensor. */
function windowSums(t: Torch, input: Handle, axes: WindowAxis[]): Handle {
  const [size, stride, padding] = settings(axes);
  return t.run(`avg_pool${axes.length}d`, input, size, stride, padding, false, true, 1);
}

/** How many elements of the input each window sees, at least 1: padding is not averaged over. */
function windowCounts(t: Torch, x: Handle, axes: WindowAxis[]): Handle {
  const ones = t.full([1, 1, ...axes.map((axis) => axis.inputSize)], 1, t.scalarType(x));
  return t.run('clamp_min', windowSums(t, padded(t, ones, axes, 0), axes), 1);
}

function averagePool(t: Torch, x: Handle, axes: WindowAxis[]): Handle {
  if (hasNoOutput(axes)) return noOutput(t, x, axes);
  const full = t.full32(x);
  const sums = windowSums(t, padded(t, channelsSecond(t, full), axes, 0), axes);
  return channelsLast(t, t.run('div.Tensor', sums, windowCounts(t, full, axes)));
}

function averagePoolGradient(t: Torch, dy: Handle, x: Handle, axes: WindowAxis[]): Handle {
  const full = t.full32(x);
  const input = padded(t, channelsSecond(t, full), axes, 0);
  const behind = channelsSecond(t, t.full32(dy));
  const share = t.run('div.Tensor', behind, windowCounts(t, full, axes));
  const [size, stride, padding] = settings(axes);
  const operator = `avg_pool${axes.length}d_backward`;
  const gradient = t.run(operator, share, input, size, stride, padding, false, true, 1);
  return channelsLast(t, unpadded(t, gradient, axes));
}
