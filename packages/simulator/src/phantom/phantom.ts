import { z } from 'zod';
import { scannerSchema } from './scanner.js';

/** A hospital whose patients are made up: how many, and what its scanner does to them. */
export const phantomSchema = z.strictObject({
  kind: z.literal('phantom'),
  cases: z.number().int().min(2).max(1000).describe('How many patients'),
  /** The part of its patients that have a lesion. */
  lesions: z.number().min(0).max(1).default(0.5),
  scanner: scannerSchema,
});

export type PhantomSpec = z.output<typeof phantomSchema>;

/** Whether that patient has a lesion: as many have one as the part says, whatever number one looks at. */
export function hasLesion({ lesions }: Pick<PhantomSpec, 'lesions'>, index: number): boolean {
  return Math.ceil((index + 1) * lesions) > Math.ceil(index * lesions);
}
