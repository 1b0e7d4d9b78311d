import { spacingMmSchema } from '@fedvox/job';
import { z } from 'zod';
import { driftShape } from './drift.js';

/** How one hospital's scanner differs from the one that its data are of: its cases are written anew as it would give them. */
export const shiftSchema = z.strictObject({
  ...driftShape,
  spacingMm: spacingMmSchema
    .optional()
    .describe('The grid of its images, between voxels along each axis'),
  axes: z
    .string()
    .regex(/^(?=.*[RL])(?=.*[AP])(?=.*[SI])[RLAPSI]{3}$/, 'one each of R or L, A or P, S or I')
    .optional()
    .describe('Where its axes point, as three letters: `LPS`, `ASR`, …'),
});

export type ScannerShift = z.output<typeof shiftSchema>;
