import { z } from 'zod';
import {
  cube,
  dropoutSchema,
  inChannelsSchema,
  type NetworkTerms,
  positiveInt,
  STATISTICS,
} from './terms.js';

const odd = z.literal([1, 3, 5, 7, 9, 11, 13, 15]);
/** Voxels of a kernel along every axis, or along each; 3 where absent. */
const kernelSchema = z
  .union([odd, z.tuple([odd, odd, odd])], {
    error: 'must be an odd size up to 15, or one for each of three axes',
  })
  .optional();

const normSchema = z.discriminatedUnion('kind', [
  /** As MONAI's `norm: ('instance', {affine: …})`. */
  z.strictObject({ kind: z.literal('instance'), affine: z.boolean() }),
  /** As MONAI's `norm: 'batch'`. What becomes of its statistics is a choice, and no default's. */
  z.strictObject({ kind: z.literal('batch'), statistics: z.enum(STATISTICS) }),
]);

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
    kernelSize: kernelSchema,
    /** Of the transposed convolutions. */
    upKernelSize: kernelSchema,
    /** Of single values, in front of each activation. */
    dropout: dropoutSchema,
    /** Of each channel of a case by itself, without parameters, where absent. */
    norm: normSchema.optional(),
  })
  .refine((network) => network.strides.length === network.channels.length - 1, {
    path: ['strides'],
    message: 'must have exactly one stride fewer than there are channels',
  });

export const unet: NetworkTerms<typeof unetSchema> = {
  schema: unetSchema,
  sizeDivisor: ({ strides }) => cube(strides.reduce((product, stride) => product * stride, 1)),
  hasNormParameters: ({ norm }) => norm?.kind === 'batch' || norm?.affine === true,
  statistics: ({ norm }) => (norm?.kind === 'batch' ? norm.statistics : null),
  needsTwoVoxels: ({ norm }) => norm?.kind !== 'batch' || norm.statistics !== 'frozen',
};
