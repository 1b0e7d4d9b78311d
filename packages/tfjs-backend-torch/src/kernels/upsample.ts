import type { KernelConfig } from '@tensorflow/tfjs-core';
import type { Handle } from '../native.js';
import type { UpsampleAttributes } from '../ops/upsample3d.js';
import { channelsLast, channelsSecond } from './image-layout.js';
import { kernel } from './kernel.js';

export const upsampleKernels: readonly KernelConfig[] = [
  kernel<{ x: Handle }, UpsampleAttributes>('FedvoxUpsample3D', (t, { x }, attrs) => {
    const { to, mode, alignCorners } = attrs;
    const volume = channelsSecond(t, x);
    const resized =
      mode === 'nearest'
        ? t.run('upsample_nearest3d', volume, to)
        : t.run('upsample_trilinear3d', volume, to, alignCorners);
    return channelsLast(t, resized);
  }),
  kernel<{ dy: Handle }, UpsampleAttributes>('FedvoxUpsample3DGradient', (t, { dy }, attrs) => {
    const { from, to, mode, alignCorners } = attrs;
    const gradient = channelsSecond(t, dy);
    const shape = [...t.shape(gradient).slice(0, 2), ...from];
    const operator = `upsample_${mode}3d_backward`;
    const corners = mode === 'nearest' ? [] : [alignCorners];
    return channelsLast(t, t.run(operator, gradient, to, shape, ...corners));
  }),
];
