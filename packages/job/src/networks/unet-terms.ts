import { z } from 'zod';
import {
  checkpointingSchema,
  cube,
  dropoutSchema,
  inChannelsSchema,
  kernelSchema,
  type NetworkTerms,
  NORM_TERMS,
  normSchema,
  positiveInt,
} from './terms.js';

/** MONAI's `UNet`, layer for layer; output channels are the job's classes. */
const unetSchema = z
  .strictObject({
    kind: z.literal('unet'),
    inChannels: inChannelsSchema,
    channels: z
      .array(positiveInt.max(2048))
      .min(2)
      .max(8)
      .describe('Channels of each level, from the top down'),
    strides: z
      .array(positiveInt.max(4))
      .min(1)
      .describe('Stride between consecutive levels: one fewer than `channels`'),
    residualUnits: z
      .number()
      .int()
      .min(0)
      .max(8)
      .default(2)
      .describe('Convolutions of each level that a shortcut leads past'),
    kernelSize: kernelSchema.optional().describe('3 where absent'),
    upKernelSize: kernelSchema
      .optional()
      .describe('Of the transposed convolutions; 3 where absent'),
    dropout: dropoutSchema.describe('Of single values, in front of each activation'),
    norm: normSchema,
    checkpointing: checkpointingSchema,
  })
  .refine((network) => network.strides.length === network.channels.length - 1, {
    path: ['strides'],
    message: 'must have exactly one stride fewer than there are channels',
  });

export const unet: NetworkTerms<typeof unetSchema> = {
  schema: unetSchema,
  sizeDivisor: ({ strides }) => cube(strides.reduce((product, stride) => product * stride, 1)),
  ...NORM_TERMS,
};
