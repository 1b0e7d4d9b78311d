import type { KernelConfig } from '@tensorflow/tfjs-core';
import type { Handle } from '../native.js';
import type { Torch } from '../torch.js';
import { kernel } from './kernel.js';

type Normed = { x: Handle; scale: Handle; mean: Handle; inverse: Handle };
type Scaled = { x: Handle; scale: Handle; offset: Handle };

/** What a transformer's blocks are made of, beside attention. */
export const transformerKernels: readonly KernelConfig[] = [
  kernel<{ x: Handle; weight: Handle; bias?: Handle }>('FedvoxLinear', (t, { x, weight, bias }) => {
    const added = bias === undefined ? null : t.lowered(bias);
    return t.run('linear', t.lowered(x), t.lowered(weight), added);
  }),
  kernel<{ x: Handle }>('FedvoxGelu', (t, { x }) => t.run('gelu', x)),
  kernel<{ dy: Handle; x: Handle }>('FedvoxGeluGradient', (t, { dy, x }) =>
    t.run('gelu_backward', t.cast(dy, t.scalarType(x)), x),
  ),
  kernel<Scaled, { epsilon: number }>(
    'FedvoxLayerNorm',
    (t, { x, scale, offset }, { epsilon }) =>
      t.runMany(
        'native_layer_norm',
        t.full32(x),
        channelsOf(t, x),
        scale,
        offset,
        epsilon,
      ) as Handle[],
  ),
  kernel<Normed & { dy: Handle }>('FedvoxLayerNormGradients', (t, inputs) => {
    const { dy, x, scale, mean, inverse } = inputs;
    const volumes = [t.full32(dy), t.full32(x), channelsOf(t, x)] as const;
    // ATen reads of the last tensor no more than that it is there.
    const rest = [mean, inverse, scale, scale, [true, true, true]] as const;
    return t.runMany('native_layer_norm_backward', ...volumes, ...rest) as Handle[];
  }),
];

const channelsOf = (t: Torch, x: Handle) => [t.shape(x).at(-1) as number];
