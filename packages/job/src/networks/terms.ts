import { z } from 'zod';
import type { Size } from '../names.js';

/** What both sides know of one network. */
export interface NetworkTerms<Schema extends z.ZodType> {
  /** What a job may say of it. */
  readonly schema: Schema;
  /** Of what each axis of its input must be a multiple, for its levels to meet. */
  readonly sizeDivisor: (spec: z.output<Schema>) => Size;
  /** How many voxels its bottom has of so many along an axis; as many as divisors go into them where absent. */
  readonly bottomLength?: (spec: z.output<Schema>, length: number) => number;
  /** What it says a class of: each voxel where absent. */
  readonly classifies?: 'cases';
  /** Whether its norms have parameters that are trained. */
  readonly hasNormParameters: (spec: z.output<Schema>) => boolean;
  /** What becomes of its statistics; null where it has none. */
  readonly statistics: (spec: z.output<Schema>) => Statistics | null;
  /**
   * Whether a norm at its bottom looks at each channel by itself: of one voxel it would give nothing but
   * rounding, which the optimizer turns into steps.
   */
  readonly needsTwoVoxels: (spec: z.output<Schema>) => boolean;
}

/**
 * What becomes of the statistics that a batch norm counts while it is trained: they are averaged with the
 * weights, they stay at their site, or none are counted and those that the job begins with are used.
 */
export const STATISTICS = ['averaged', 'local', 'frozen'] as const;
export type Statistics = (typeof STATISTICS)[number];

export const positiveInt = z.number().int().positive();
export const inChannelsSchema = positiveInt.max(16).default(1).describe('Channels of a scan');

/** The part that is left out in each step of training; none where absent. */
export const dropoutSchema = z.number().min(0).lt(1).optional();

/** Whether what stands within a block is computed anew for the gradients, and not kept; kept where absent. */
export const checkpointingSchema = z.boolean().optional();

/** The same along every axis. */
export const cube = (length: number): Size => [length, length, length];

const odd = z.literal([1, 3, 5, 7, 9, 11, 13, 15]);
/** Voxels of a kernel along every axis, or along each. */
export const kernelSchema = z.union([odd, z.tuple([odd, odd, odd])], {
  error: 'must be an odd size up to 15, or one for each of three axes',
});

/** As MONAI's `'batch'`. What becomes of its statistics is a choice, and no default's. */
export const batchNormSchema = z.strictObject({
  kind: z.literal('batch'),
  statistics: z
    .enum(STATISTICS)
    .describe(
      'What becomes of what it counts: averaged with the weights, kept at the site, or not counted',
    ),
});

/** Over each channel of a case by itself, without parameters, where absent. */
export const normSchema = z
  .discriminatedUnion('kind', [
    /** As MONAI's `('instance', {affine: …})`. */
    z.strictObject({
      kind: z.literal('instance'),
      affine: z.boolean().describe('Whether it has parameters that are trained'),
    }),
    batchNormSchema,
  ])
  .optional()
  .describe(
    'What stands behind each convolution; over each channel of a case by itself, without parameters, where absent',
  );
export type NormSpec = z.output<typeof normSchema>;

/** What follows from the norm alone, of a network that lets a job choose it. */
export const NORM_TERMS = {
  hasNormParameters: ({ norm }: WithNorm) => norm?.kind === 'batch' || norm?.affine === true,
  statistics: ({ norm }: WithNorm) => (norm?.kind === 'batch' ? norm.statistics : null),
  needsTwoVoxels: ({ norm }: WithNorm) => norm?.kind !== 'batch' || norm.statistics !== 'frozen',
};
interface WithNorm {
  readonly norm?: NormSpec;
}
