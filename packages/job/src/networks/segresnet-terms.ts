import { z } from 'zod';
import {
  checkpointingSchema,
  cube,
  dropoutSchema,
  inChannelsSchema,
  type NetworkTerms,
  positiveInt,
} from './terms.js';

const blocks = z.array(positiveInt.max(16));

/** MONAI's `SegResNet`, layer for layer; output channels are the job's classes. */
const segresnetSchema = z
  .strictObject({
    kind: z.literal('segresnet'),
    inChannels: inChannelsSchema,
    initFilters: positiveInt
      .max(256)
      .default(8)
      .describe('Channels of the first level; each level beneath has twice as many'),
    blocksDown: blocks
      .min(2)
      .max(6)
      .default([1, 2, 2, 4])
      .describe('Residual blocks of each level, from the top down'),
    blocksUp: blocks
      .min(1)
      .max(5)
      .default([1, 1, 1])
      .describe('Residual blocks of each level but the lowest, from the bottom up'),
    groups: positiveInt.default(8).describe('Groups of channels that are normalised together'),
    dropout: dropoutSchema.describe('Of whole channels of the first level'),
    checkpointing: checkpointingSchema,
  })
  .refine(({ blocksDown, blocksUp }) => blocksUp.length === blocksDown.length - 1, {
    path: ['blocksUp'],
    message: 'must have exactly one level fewer than blocksDown',
  })
  .refine(({ initFilters, groups }) => initFilters % groups === 0, {
    path: ['initFilters'],
    message: 'must be a multiple of groups (8 where it says none)',
  });

export const segresnet: NetworkTerms<typeof segresnetSchema> = {
  schema: segresnetSchema,
  sizeDivisor: ({ blocksUp }) => cube(2 ** blocksUp.length),
  hasNormParameters: () => true,
  statistics: () => null,
  needsTwoVoxels: ({ initFilters, blocksUp, groups }) =>
    initFilters * 2 ** blocksUp.length === groups,
};
