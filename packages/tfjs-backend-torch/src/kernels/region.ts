import type { KernelConfig } from '@tensorflow/tfjs-core';
import type { Handle } from '../native.js';
import type { RegionAttributes } from '../ops/add-to-region.js';
import { kernel } from './kernel.js';

export const regionKernels: readonly KernelConfig[] = [
  kernel<{ sums: Handle; patch: Handle }, RegionAttributes>(
    'FedvoxAddToRegion',
    (t, { sums, patch }, { begin }) => {
      const size = t.shape(patch);
      const region = begin.reduce(
        (part, first, axis) => t.run('narrow', part, axis, first, size[axis] as number),
        sums,
      );
      t.mutate('add_.Tensor', region, patch);
      return sums;
    },
  ),
];
