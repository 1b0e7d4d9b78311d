import { z } from 'zod';
import { scannerSchema } from './scanner.js';

/** A hospital whose patients are made up: how many, and what its scanner does to them. */
export const phantomSchema = z.strictObject({
  kind: z.literal('phantom'),
  cases: z.number().int().min(2).max(1000),
  scanner: scannerSchema,
});

export type PhantomSpec = z.output<typeof phantomSchema>;
