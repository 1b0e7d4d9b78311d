import { z } from 'zod';
import { cube, dropoutSchema, inChannelsSchema, type NetworkTerms, positiveInt } from './terms.js';

const windowLength = z.number().int().min(2).max(16);
const perStage = (most: number) => z.tuple([1, 2, 3, 4].map(() => positiveInt.max(most)) as Four);
type Four = [Positive, Positive, Positive, Positive];
type Positive = typeof positiveInt;

/** MONAI's `SwinUNETR`, layer for layer; output channels are the job's classes. */
const swinUnetrSchema = z
  .strictObject({
    kind: z.literal('swin-unetr'),
    inChannels: inChannelsSchema,
    featureSize: positiveInt
      .max(192)
      .multipleOf(12)
      .default(24)
      .describe('Channels of the first stage; each stage beneath has twice as many'),
    depths: perStage(32).default([2, 2, 2, 2]).describe('Blocks of each stage, from the top down'),
    heads: perStage(96).default([3, 6, 12, 24]).describe('Heads of attention of each stage'),
    windowSize: z
      .union([windowLength, z.tuple([windowLength, windowLength, windowLength])], {
        error: 'must be a size from 2 to 16, or one for each of three axes',
      })
      .default(7)
      .describe(
        'Tokens of a window along every axis, or along each; a token is 2×2×2 voxels at the top',
      ),
    normalizeOutputs: z
      .boolean()
      .default(true)
      .describe('Whether what each stage hands to the decoder is normalised'),
    dropout: dropoutSchema.describe(
      'Of single values, behind the patches, the attention and both layers of each block',
    ),
    pathDropout: dropoutSchema.describe(
      'Of a sample’s whole way through half a block: of the last block, less of those above',
    ),
    checkpointing: z
      .boolean()
      .default(false)
      .describe(
        'Whether what stands within a block is computed anew for the gradients, and not kept',
      ),
  })
  .refine(
    ({ featureSize, heads }) =>
      heads.every((count, stage) => (featureSize * 2 ** stage) % count === 0),
    { path: ['heads'], message: 'must divide the channels of their stages' },
  );

export const swinUnetr: NetworkTerms<typeof swinUnetrSchema> = {
  schema: swinUnetrSchema,
  sizeDivisor: () => cube(32),
  hasNormParameters: () => true,
  statistics: () => null,
  needsTwoVoxels: () => true,
};
