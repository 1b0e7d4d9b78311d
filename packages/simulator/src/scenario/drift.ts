import { z } from 'zod';

/** How a scanner comes to show the same patient otherwise: by its intensities alone, voxels stay where they are. */
export const driftShape = {
  gain: z.number().min(0.01).max(100).default(1).describe('Every intensity times this'),
  contrast: z
    .number()
    .min(0.2)
    .max(5)
    .default(1)
    .describe(
      'Exponent of the intensities between 0 and the brightest: below 1 what is dark comes out',
    ),
  noise: z
    .number()
    .min(0)
    .max(0.5)
    .default(0)
    .describe(
      'Standard deviation of noise in each channel of a magnitude image, as a part of the brightest',
    ),
  biasField: z
    .number()
    .min(0)
    .max(0.9)
    .default(0)
    .describe('How much brighter one end of the coil is than its middle'),
} as const;

export const driftSchema = z.strictObject(driftShape);

export type Drift = z.output<typeof driftSchema>;

/** Whether images stay as they are. */
export function isStill({ gain, contrast, noise, biasField }: Drift): boolean {
  return gain === 1 && contrast === 1 && noise === 0 && biasField === 0;
}
