import { z } from 'zod';
import type { Size } from '../names.js';
import {
  inChannelsSchema,
  kernelSchema,
  type NetworkTerms,
  NORM_TERMS,
  normSchema,
  positiveInt,
} from './terms.js';

const step = z.literal([1, 2]);
const strideSchema = z.union([step, z.tuple([step, step, step])], {
  error: 'must be 1 or 2, or one of them for each of three axes',
});

/** MONAI's `DynUNet`, layer for layer; output channels are the job's classes. */
const dynunetSchema = z
  .strictObject({
    kind: z.literal('dynunet'),
    inChannels: inChannelsSchema,
    filters: z
      .array(positiveInt.max(2048))
      .min(3)
      .max(8)
      .describe('Channels of each level, from the top down'),
    strides: z
      .array(strideSchema)
      .describe('Between consecutive levels, down and up again: one fewer than `filters`'),
    kernelSize: z.array(kernelSchema).optional().describe('Of each level; 3 where absent'),
    residual: z
      .boolean()
      .default(false)
      .describe('Whether each level’s block adds what came in to what comes out'),
    deepSupervision: positiveInt
      .optional()
      .describe(
        'How many levels below the top are held to the labels too in training; none where absent',
      ),
    norm: normSchema,
  })
  .refine(({ filters, strides }) => strides.length === filters.length - 1, {
    path: ['strides'],
    message: 'must have exactly one stride fewer than there are filters',
  })
  .refine(({ filters, kernelSize = filters }) => kernelSize.length === filters.length, {
    path: ['kernelSize'],
    message: 'must have one kernel for each of the filters',
  })
  .refine(({ filters, deepSupervision = 1 }) => deepSupervision <= filters.length - 2, {
    path: ['deepSupervision'],
    message: 'must leave out the top level and the lowest',
  });

export const dynunet: NetworkTerms<typeof dynunetSchema> = {
  schema: dynunetSchema,
  sizeDivisor: ({ strides }) =>
    strides.reduce<Size>(
      ([x, y, z], stride) => {
        const [alongX, alongY, alongZ] =
          typeof stride === 'number' ? [stride, stride, stride] : stride;
        return [x * alongX, y * alongY, z * alongZ];
      },
      [1, 1, 1],
    ),
  ...NORM_TERMS,
};
