import type { KernelConfig } from '@tensorflow/tfjs-core';
import type { Handle } from '../native.js';
import type {
  Conv3dAttributes,
  FilterGradientAttributes,
  InputGradientAttributes,
} from '../ops/conv3d.js';
import { kernel } from './kernel.js';

/**
 * A convolution and its two gradients, with PyTorch's padding. The operators take volumes and filters as
 * tfjs has them; see native/src/operators/convolution.cc.
 */
export const conv3dKernels: readonly KernelConfig[] = [
  kernel<{ x: Handle; filter: Handle; bias?: Handle }, Conv3dAttributes>(
    'FedvoxConv3D',
    (t, { x, filter, bias }, { strides, padding }) =>
      t.run('fedvox::conv3d', x, filter, bias ?? null, strides, padding, t.computeType),
  ),
  // Also the transposed convolution.
  kernel<{ dy: Handle; filter: Handle; bias?: Handle }, InputGradientAttributes>(
    'FedvoxConv3DInputGradient',
    (t, { dy, filter, bias }, { strides, padding, inputShape }) => {
      const slide = [strides, padding, inputShape.slice(1, 4)] as const;
      return t.run(
        'fedvox::conv3d_input_gradient',
        dy,
        filter,
        bias ?? null,
        ...slide,
        t.computeType,
      );
    },
  ),
  kernel<{ x: Handle; dy: Handle }, FilterGradientAttributes>(
    'FedvoxConv3DFilterGradient',
    (t, { x, dy }, { strides, padding, filterShape }) => {
      const slide = [strides, padding, filterShape.slice(0, 3)] as const;
      return t.run('fedvox::conv3d_filter_gradient', x, dy, ...slide, t.computeType);
    },
  ),
];
