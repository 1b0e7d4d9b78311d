import { z } from 'zod';
import { cube, inChannelsSchema, type NetworkTerms, positiveInt } from './terms.js';

/** MONAI's `UNet`, layer for layer; output channels are the job's classes. */
const unetSchema = z
  .strictObject({
    kind: z.literal('unet'),
    inChannels: inChannelsSchema,
    /** Channels of each level, from the top down. */
    channels: z.array(positiveInt.max(2048)).min(2).max(8),
    /** Stride between consecutive levels: one fewer than `channels`. */
    strides: z.array(positiveInt.max(4)).min(1),
    residualUnits: z.number().int().min(0).max(8).default(2),
    /** As MONAI's `norm: ('instance', {affine: …})`; without parameters where absent. */
    norm: z.strictObject({ kind: z.literal('instance'), affine: z.boolean() }).optional(),
  })
  .refine((network) => network.strides.length === network.channels.length - 1, {
    path: ['strides'],
    message: 'must have exactly one stride fewer than there are channels',
  });

export const unet: NetworkTerms<typeof unetSchema> = {
  schema: unetSchema,
  sizeDivisor: ({ strides }) => cube(strides.reduce((product, stride) => product * stride, 1)),
  hasNormParameters: ({ norm }) => norm?.affine === true,
  needsTwoVoxels: () => true,
};
