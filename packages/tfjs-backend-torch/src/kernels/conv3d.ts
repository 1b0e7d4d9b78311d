import type { KernelConfig } from '@tensorflow/tfjs-core';
import { type Handle, ScalarType } from '../native.js';
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

type FilterShape = [number, number, number, number, number];

/** A convolution and its two gradients, with PyTorch's padding. */
export const conv3dKernels: readonly KernelConfig[] = [
  kernel<{ x: Handle; filter: Handle; bias?: Handle }, Conv3dAttributes>(
    'FedvoxConv3D',
    (t, { x, filter, bias }, attrs) => {
      const input = channelsSecond(t, t.lowered(x));
      const weight = filterOutFirst(t, t.lowered(filter));
      const offset = bias && t.lowered(bias);
      return channelsLast(t, convolved(t, input, weight, offset, attrs));
    },
  ),
  // Also the transposed convolution: as the gradient of a convolution it reaches oneDNN.
  kernel<{ dy: Handle; filter: Handle; bias?: Handle }, InputGradientAttributes>(
    'FedvoxConv3DInputGradient',
    (t, { dy, filter, bias }, attrs) => {
      const [batch, ...sizes] = attrs.inputShape as [number, ...number[]];
      const channels = sizes.pop() as number;
      const [dx] = t.runMany(
        'convolution_backward',
        channelsSecond(t, t.lowered(dy)),
        imageShapeOnly(t, [batch, channels, ...sizes]),
        filterOutFirst(t, t.lowered(filter)),
        null,
        ...settings(attrs),
        [true, false, false],
      );
      const image = channelsLast(t, dx as Handle);
      if (bias !== undefined) t.mutate('add_.Tensor', image, t.lowered(bias));
      return image;
    },
  ),
  kernel<{ x: Handle; dy: Handle }, FilterGradientAttributes>(
    'FedvoxConv3DFilterGradient',
    (t, { x, dy }, attrs) => {
      // oneDNN's threads wait for each other here in bfloat16, spinning: under strides, where there is
      // little to do between the waits, that takes two to three times as long as float32.
      const strided = attrs.strides.some((stride) => stride > 1);
      const type = strided ? ScalarType.float32 : t.computeType;
      const [depth, height, width, inputs, outputs] = attrs.filterShape as FilterShape;
      const shape = [outputs, inputs, depth, height, width];
      const [, gradient] = t.runMany(
        'convolution_backward',
        channelsSecond(t, t.cast(dy, type)),
        channelsSecond(t, t.cast(x, type)),
        shapeOnly(t, shape, type),
        null,
        ...settings(attrs),
        [false, true, false],
      );
      return t.full32(filterOutLast(t, gradient as Handle));
    },
  ),
];

/**
 * libtorch 2.13 leaves the output unwritten where a batch of one-channel volumes (channels last) gives
 * a single step along the last axis under a stride (seen with AVX-512). A single step needs no stride.
 */
function convolved(
  t: Torch,
  input: Handle,
  weight: Handle,
  offset: Handle | undefined,
  attrs: Conv3dAttributes,
): Handle {
  const [depth, height, stride] = attrs.strides;
  const span =
    (t.shape(input)[4] as number) + 2 * attrs.padding[2] - (t.shape(weight)[4] as number);
  const isSingleStep = stride > 1 && span < stride;
  const strides = isSingleStep ? ([depth, height, 1] as const) : attrs.strides;
  const y = t.run('convolution', input, weight, offset, ...settings({ ...attrs, strides }));
  return isSingleStep ? t.run('narrow', y, 4, 0, 1) : y;
}

/** Stride, padding, dilation, not transposed, output padding, groups: as `aten::convolution` wants them. */
function settings({ strides, padding }: Conv3dAttributes) {
  return [strides, padding, [1, 1, 1], false, [0, 0, 0], 1] as const;
}
