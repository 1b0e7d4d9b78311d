import { z } from 'zod';
import { sizeSchema, spacingMmSchema } from './names.js';

/**
 * Deterministic steps, applied once to every case and cached. Their meaning is MONAI's; the room
 * that implements them is `imaging`.
 */
export const preprocessStepSchema = z.discriminatedUnion('kind', [
  /** Flip and permute axes so that the array runs right, anterior, superior. */
  z.strictObject({ kind: z.literal('orient'), axes: z.literal('RAS').default('RAS') }),
  /** Resample to this spacing: trilinear for images, nearest for labels. */
  z.strictObject({ kind: z.literal('resample'), spacingMm: spacingMmSchema }),
  /** Subtract the mean, divide by the population standard deviation. */
  z.strictObject({ kind: z.literal('zscore'), nonzero: z.boolean().default(false) }),
  /** Centre crop, then zero-pad symmetrically, to exactly this many voxels. */
  z.strictObject({ kind: z.literal('crop-or-pad'), size: sizeSchema }),
]);

/** Random steps, drawn anew for every case and epoch from the training seed. */
export const augmentStepSchema = z.discriminatedUnion('kind', [
  /** Mirror along each named axis with this probability, image and label alike. */
  z.strictObject({
    kind: z.literal('flip'),
    axes: z.array(z.enum(['x', 'y', 'z'])).min(1),
    probability: z.number().min(0).max(1).default(0.5),
  }),
  /** A patch of this many voxels; with `foreground`, its centre is a labelled voxel that often. */
  z.strictObject({
    kind: z.literal('crop'),
    size: sizeSchema,
    foreground: z.number().min(0).max(1).default(0.5),
  }),
]);

export type PreprocessStep = z.output<typeof preprocessStepSchema>;
export type AugmentStep = z.output<typeof augmentStepSchema>;
