import { z } from 'zod';
import { sizeSchema, spacingMmSchema } from './names.js';

/** Two values, the lower one first. */
const rangeSchema = z
  .tuple([z.number(), z.number()])
  .refine(([low, high]) => low < high, 'must be two values, the lower one first');
const positiveRangeSchema = rangeSchema.refine(([low]) => low > 0, 'must be positive');
const percentSchema = z.number().min(0).max(100);
const partSchema = z.number().min(0).max(0.9);
const probabilitySchema = z.number().min(0).max(1);
/** One non-negative value per axis, in the order x, y, z. */
const perAxisSchema = z.tuple([z.number().min(0), z.number().min(0), z.number().min(0)]);

function isRising(values: readonly number[]): boolean {
  return values.every((value, index) => index === 0 || value > (values[index - 1] as number));
}

/**
 * Deterministic steps, applied once to every case and cached. Their meaning is MONAI's; the room
 * that implements them is `imaging`.
 */
export const preprocessStepSchema = z.discriminatedUnion('kind', [
  /** Flip and permute axes so that the array runs right, anterior, superior. */
  z.strictObject({
    kind: z.literal('orient'),
    axes: z.literal('RAS').default('RAS').describe('Which axes'),
  }),
  /** Resample to this spacing: trilinear for images, nearest for labels. */
  z.strictObject({
    kind: z.literal('resample'),
    spacingMm: spacingMmSchema.describe('Along x, y and z'),
  }),
  /** Subtract the mean, divide by the population standard deviation. */
  z.strictObject({
    kind: z.literal('zscore'),
    nonzero: z.boolean().default(false).describe('Whether only voxels that are not 0 count'),
  }),
  /**
   * Map values linearly, `from[0]` to `to[0]` and `from[1]` to `to[1]`; with `clip`, values beyond end
   * at the ends. For CT, `from` is a window in Hounsfield units.
   */
  z.strictObject({
    kind: z.literal('intensity-range'),
    from: rangeSchema.describe(
      'The values that become the ends of `to`; for CT a window in Hounsfield units',
    ),
    to: rangeSchema.default([0, 1]).describe('What they become'),
    clip: z.boolean().default(true).describe('Whether values beyond end at the ends'),
  }),
  /** Cut values off at two percentiles of the scan, or of its voxels that are not 0. */
  z
    .strictObject({
      kind: z.literal('percentile-clip'),
      lower: percentSchema.default(0.5).describe('Percentile below which values are cut off'),
      upper: percentSchema.default(99.5).describe('Percentile above which values are cut off'),
      nonzero: z.boolean().default(false).describe('Whether only voxels that are not 0 count'),
    })
    .refine(({ lower, upper }) => lower < upper, {
      path: ['upper'],
      message: 'must be above `lower`',
    }),
  /**
   * Nyúl's histogram standardisation: these percentiles of the scan's voxels above 0 become these
   * landmark values, linearly in between and beyond. The landmarks are part of the job: every site
   * maps to the same scale.
   */
  z
    .strictObject({
      kind: z.literal('standardize-histogram'),
      percentiles: z.array(percentSchema).min(2).describe('Of the scan’s voxels above 0'),
      landmarks: z.array(z.number()).min(2).describe('What these percentiles become'),
    })
    .refine(({ percentiles, landmarks }) => percentiles.length === landmarks.length, {
      path: ['landmarks'],
      message: 'must have exactly one landmark per percentile',
    })
    .refine((step) => isRising(step.percentiles) && isRising(step.landmarks), {
      path: ['percentiles'],
      message: 'percentiles and landmarks must both rise',
    }),
  /** Crop to the box of voxels above a value, widened by a margin. */
  z.strictObject({
    kind: z.literal('crop-foreground'),
    above: z.number().default(0).describe('What is no more than this is cropped away'),
    marginVoxels: z.number().int().min(0).default(0).describe('By so much the box is widened'),
  }),
  /** Centre crop, then zero-pad symmetrically, to exactly this many voxels. */
  z.strictObject({
    kind: z.literal('crop-or-pad'),
    size: sizeSchema.describe('In voxels, along x, y and z'),
  }),
]);

/** Random steps, drawn anew for every case and epoch from the training seed. */
export const augmentStepSchema = z.discriminatedUnion('kind', [
  /** Mirror along each named axis with this probability, image and label alike. */
  z.strictObject({
    kind: z.literal('flip'),
    axes: z
      .array(z.enum(['x', 'y', 'z']))
      .min(1)
      .describe('Which axes'),
    probability: z.number().min(0).max(1).default(0.5).describe('How often the step is taken'),
  }),
  /**
   * A patch of this many voxels; with `foreground`, its centre is a labelled voxel that often. Each
   * labelled voxel is as likely as the next, so that a large structure hides a small one; with `balance:
   * classes` each class of the case is as likely as the next, and then each of its voxels.
   */
  z.strictObject({
    kind: z.literal('crop'),
    size: sizeSchema.describe('In voxels, along x, y and z'),
    foreground: z
      .union([
        probabilitySchema,
        z.strictObject({
          balance: z.literal('classes').describe('Each class of the case is as likely as the next'),
          probability: probabilitySchema.default(0.5).describe('How often the step is taken'),
        }),
      ])
      .default(0.5)
      .describe('How often the centre is a labelled voxel'),
  }),
  /**
   * Rotate, scale and shift about the centre, each drawn evenly from ± what is given; trilinear for
   * images, nearest for labels, 0 beyond the scan.
   */
  z.strictObject({
    kind: z.literal('affine'),
    rotateDegrees: perAxisSchema
      .default([0, 0, 0])
      .describe('About x, y and z, drawn evenly from ± what is given'),
    scale: z
      .tuple([partSchema, partSchema, partSchema])
      .default([0, 0, 0])
      .describe('0.1 draws a factor from 0.9 to 1.1, for each axis its own'),
    translateVoxels: perAxisSchema
      .default([0, 0, 0])
      .describe('Along x, y and z, drawn evenly from ± what is given'),
    probability: probabilitySchema.default(0.5).describe('How often the step is taken'),
  }),
  /**
   * Elastic deformation: offsets drawn evenly from ± `magnitudeVoxels` for each voxel, smoothed by a
   * Gaussian of `sigmaVoxels`.
   */
  z.strictObject({
    kind: z.literal('elastic'),
    sigmaVoxels: z.number().positive().describe('Of the Gaussian that smooths'),
    magnitudeVoxels: z.number().positive().describe('Offsets are drawn evenly from ± this'),
    probability: probabilitySchema.default(0.5).describe('How often the step is taken'),
  }),
  /** Add Gaussian noise whose standard deviation is drawn evenly up to this. */
  z.strictObject({
    kind: z.literal('noise'),
    standardDeviation: z.number().positive().describe('Drawn evenly up to this'),
    probability: probabilitySchema.default(0.5).describe('How often the step is taken'),
  }),
  /** Smooth by a Gaussian, its sigma drawn evenly from this range for each axis. */
  z.strictObject({
    kind: z.literal('smooth'),
    sigmaVoxels: positiveRangeSchema.describe('Of the Gaussian that smooths'),
    probability: probabilitySchema.default(0.5).describe('How often the step is taken'),
  }),
  /** Raise the values, scaled to [0, 1] between their extremes, to a power drawn from this range. */
  z.strictObject({
    kind: z.literal('gamma'),
    range: positiveRangeSchema.describe('Which the power is drawn from'),
    probability: probabilitySchema.default(0.5).describe('How often the step is taken'),
  }),
  /** Multiply by exp of a smooth field: Legendre polynomials up to `degree`, coefficients up to this. */
  z.strictObject({
    kind: z.literal('bias-field'),
    degree: z.number().int().min(1).max(5).default(3).describe('Of the Legendre polynomials'),
    maxCoefficient: z.number().positive().default(0.1).describe('Of each of them'),
    probability: probabilitySchema.default(0.5).describe('How often the step is taken'),
  }),
  /** Sample the image at a part of its voxels along each axis, drawn from this range, and back. */
  z.strictObject({
    kind: z.literal('low-resolution'),
    zoom: positiveRangeSchema
      .refine(([, high]) => high <= 1, 'must be at most 1')
      .describe('The part of its voxels along each axis, drawn from this range'),
    probability: probabilitySchema.default(0.5).describe('How often the step is taken'),
  }),
]);

/** How often a patch lies on a labelled voxel, and on which. */
export type PatchForeground = Extract<AugmentStep, { kind: 'crop' }>['foreground'];
export type PreprocessStep = z.output<typeof preprocessStepSchema>;
export type AugmentStep = z.output<typeof augmentStepSchema>;
