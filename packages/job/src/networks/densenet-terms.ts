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
  /** Channels of the first convolution. */
  initFeatures: positiveInt.max(256).default(64),
  /** Channels that each layer adds. */
  growthRate: positiveInt.max(128).default(32),
  /** Layers of each block, from the first on. */
  blocks: z.array(positiveInt.max(64)).min(2).max(6).default([6, 12, 24, 16]),
  /** Within a layer the channels are `growthRate` times so many. */
  bnSize: positiveInt.max(16).default(4),
  /** Of whole channels, behind each layer. */
  dropout: dropoutSchema,
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
