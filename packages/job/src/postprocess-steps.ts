import { z } from 'zod';
import { nameSchema } from './names.js';

const classes = z
  .array(nameSchema)
  .min(1)
  .optional()
  .describe('Of which foreground classes; each of them where absent');

/** What is done to a predicted label map, in the order that a job says. */
export const postprocessStepSchema = z.discriminatedUnion('kind', [
  /** Of each class its largest component alone. */
  z.strictObject({ kind: z.literal('largest-component'), classes }),
  /** Background that a class encloses becomes that class. */
  z.strictObject({ kind: z.literal('fill-holes'), classes }),
]);
export type PostprocessStep = z.output<typeof postprocessStepSchema>;
