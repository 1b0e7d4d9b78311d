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
  imageShapeOnly,
  shapeOnly,
} from './layout.js';

/** A convolution and its two gradients, with PyTorch's padding. */
export const conv3dKernels: readonly KernelConfig[] = [
  kernel<{ x: Handle; filter: Handle; bias?: Handle }, Conv3dAttributes>(
    'FedvoxConv3D',
    (t, { x, filter, bias }, attrs) => {
      const input = channelsSecond(t, t.lowered(x));
      const weight = filterOutFirst(t, t.lowered(filter));
      const offset = bias && t.lowered(bias);
      const y = t.run('convolution', input, weight, offset, ...settings(attrs));
      return channelsLast(t, y);
    },
  ),
  // Also the transposed convolution: as the gradient of a convolution it reaches oneDNN.
  kernel<{ dy: Handle; filter: Handle; bias?: Handle }, InputGradientAttributes>(
    'FedvoxConv3DInputGradient',
    (t, { dy, filter, bias }, attrs) => {
      const [batch, ...sizes] = attrs.inputShape as [number, ...number[]];
      const channels = sizes.pop() as number;
      const input = imageShapeOnly(t, [batch, channels, ...sizes]);
      const weight = filterOutFirst(t, t.lowered(filter));
      const [dx] = convolutionBackward(t, dy, input, weight, attrs, [true, false, false]);
      const image = channelsLast(t, dx as Handle);
      if (bias !== undefined) t.mutate('add_.Tensor', image, t.lowered(bias));
      return image;
    },
  ),
  kernel<{ x: Handle; dy: Handle }, FilterGradientAttributes>(
    'FedvoxConv3DFilterGradient',
    (t, { x, dy }, attrs) => {
      const [depth, height, width, inputs, outputs] = attrs.filterShape;
      const weight = shapeOnly(t, [outputs, inputs, depth, height, width] as number[]);
      const input = channelsSecond(t, t.lowered(x));
      const [, gradient] = convolutionBackward(t, dy, input, weight, attrs, [false, true, false]);
      return t.full32(filterOutLast(t, gradient as Handle));
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
  const gradient = channelsSecond(t, t.lowered(dy));
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
