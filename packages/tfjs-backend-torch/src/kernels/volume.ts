import type { KernelConfig } from '@tensorflow/tfjs-core';
import type { Handle } from '../native.js';
import type {
  Conv3dAttributes,
  FilterGradientAttributes,
  InputGradientAttributes,
} from '../ops/conv3d.js';
import type { Torch } from '../torch.js';
import { kernel } from './kernel.js';
import {
  channelsLast,
  channelsSecond,
  filterOutFirst,
  filterOutLast,
  shapeOnly,
} from './layout.js';

/** The operations of `ops/` that libtorch has better than tfjs could compose them. */
export const volumeKernels: readonly KernelConfig[] = [
  kernel<{ x: Handle; filter: Handle; bias?: Handle }, Conv3dAttributes>(
    'FedvoxConv3D',
    (t, { x, filter, bias }, attrs) => {
      const weight = filterOutFirst(t, filter);
      const y = t.run('convolution', channelsSecond(t, x), weight, bias, ...settings(attrs));
      return channelsLast(t, y);
    },
  ),
  // Also the transposed convolution: as the gradient of a convolution it reaches oneDNN.
  kernel<{ dy: Handle; filter: Handle; bias?: Handle }, InputGradientAttributes>(
    'FedvoxConv3DInputGradient',
    (t, { dy, filter, bias }, attrs) => {
      const [batch, ...sizes] = attrs.inputShape as [number, ...number[]];
      const channels = sizes.pop() as number;
      const input = shapeOnly(t, [batch, channels, ...sizes], dy);
      const weight = filterOutFirst(t, filter);
      const [dx] = convolutionBackward(t, dy, input, weight, attrs, [true, false, false]);
      const image = channelsLast(t, dx as Handle);
      return bias === undefined ? image : t.run('add.Tensor', image, bias);
    },
  ),
  kernel<{ x: Handle; dy: Handle }, FilterGradientAttributes>(
    'FedvoxConv3DFilterGradient',
    (t, { x, dy }, attrs) => {
      const sized = t.run(
        'empty.memory_format',
        attrs.filterShape,
        t.scalarType(x),
        null,
        t.device,
      );
      const weight = filterOutFirst(t, sized);
      const input = channelsSecond(t, x);
      const [, gradient] = convolutionBackward(t, dy, input, weight, attrs, [false, true, false]);
      return filterOutLast(t, gradient as Handle);
    },
  ),
  kernel<{ x: Handle; alpha: Handle }>('FedvoxPrelu', (t, { x, alpha }) => {
    if (isShared(t, alpha)) return t.run('leaky_relu', x, t.item(alpha));
    const positive = t.run('gt.Scalar', x, 0);
    return t.run('where.self', positive, x, t.run('mul.Tensor', x, alpha));
  }),
  kernel<{ dy: Handle; x: Handle; alpha: Handle }>(
    'FedvoxPreluInputGradient',
    (t, { dy, x, alpha }) => {
      if (isShared(t, alpha)) return t.run('leaky_relu_backward', dy, x, t.item(alpha), false);
      const positive = t.run('gt.Scalar', x, 0);
      return t.run('where.self', positive, dy, t.run('mul.Tensor', dy, alpha));
    },
  ),
  kernel<{ dy: Handle; x: Handle; alpha: Handle }>(
    'FedvoxPreluAlphaGradient',
    (t, { dy, x, alpha }) => {
      const products = t.run('clamp_max', x, 0);
      t.mutate('mul_.Tensor', products, dy);
      const channels = t.shape(alpha)[0] as number;
      const rows = t.run('reshape', products, [-1, channels]);
      if (channels > 1) return t.run('sum.dim_IntList', rows, [0]);
      return t.run('reshape', t.run('sum', rows), [1]);
    },
  ),
];

/** Stride, padding, dilation, not transposed, output padding, groups: as `aten::convolution` wants them. */
function settings({ strides, padding }: Conv3dAttributes) {
  return [strides, padding, [1, 1, 1], false, [0, 0, 0], 1] as const;
}

function convolutionBackward(
  t: Torch,
  dy: Handle,
  input: Handle,
  weight: Handle,
  attrs: Conv3dAttributes,
  wanted: readonly [boolean, boolean, boolean],
) {
  const gradient = channelsSecond(t, dy);
  return t.runMany(
    'convolution_backward',
    gradient,
    input,
    weight,
    null,
    ...settings(attrs),
    wanted,
  );
}

const isShared = (t: Torch, alpha: Handle) => t.shape(alpha)[0] === 1;
