import { z } from 'zod';
import {
  batchNormSchema,
  cube,
  dropoutSchema,
  inChannelsSchema,
  type NetworkTerms,
  positiveInt,
} from './terms.js';

/** MONAI's `DenseNet`, layer for layer; its outputs are the job's classes. Left out are those of DenseNet-121. */
const densenetSchema = z.strictObject({
  kind: z.literal('densenet'),
  inChannels: inChannelsSchema,
  initFeatures: positiveInt.max(256).default(64).describe('Channels of the first convolution'),
  growthRate: positiveInt.max(128).default(32).describe('Channels that each layer adds'),
  blocks: z
    .array(positiveInt.max(64))
    .min(2)
    .max(6)
    .default([6, 12, 24, 16])
    .describe('Layers of each block, from the first on'),
  bnSize: positiveInt
    .max(16)
    .default(4)
    .describe('Within a layer the channels are `growthRate` times so many'),
  dropout: dropoutSchema.describe('Of whole channels, behind each layer'),
  norm: batchNormSchema,
});

export const densenet: NetworkTerms<typeof densenetSchema> = {
  schema: densenetSchema,
  sizeDivisor: () => cube(1),
  // Its first two steps round halves up, those between blocks down.
  bottomLength: ({ blocks }, length) =>
    Math.floor(Math.ceil(length / 4) / 2 ** (blocks.length - 1)),
  classifies: 'cases',
  hasNormParameters: () => true,
  statistics: ({ norm }) => norm.statistics,
  needsTwoVoxels: ({ norm }) => norm.statistics !== 'frozen',
};
