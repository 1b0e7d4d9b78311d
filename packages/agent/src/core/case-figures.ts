import { z } from 'zod';

const figure = z.number().nullable();
const classFiguresSchema = z.strictObject({
  name: z.string(),
  /** Null where the case does not have the class. */
  dice: figure,
  /** 95 % Hausdorff distance; null where the class is not there or was not found. */
  hd95Mm: figure,
  referenceMl: z.number(),
  predictedMl: z.number(),
});

const caseFiguresSchema = z.strictObject({
  /** Names files: it stays on the site. */
  caseId: z.string(),
  /** Mean over the classes that the case has; null where it has none. */
  dice: figure,
  perClass: z.array(classFiguresSchema),
  /** Where the job is of cases: the class that the list says, and the one that the model does. */
  classified: z.strictObject({ reference: z.string(), predicted: z.string() }).nullable(),
});

export const roundCasesSchema = z.strictObject({
  atMs: z.number().int().nonnegative(),
  job: z.string(),
  round: z.number().int().nonnegative(),
  cases: z.array(caseFiguresSchema),
});

/** How a model does on one validation case: for whoever has the scan. Nothing of it is ever sent. */
export type CaseFigures = z.output<typeof caseFiguresSchema>;

/** Of the model that a round began with, on each validation case of this site. */
export type RoundCases = z.output<typeof roundCasesSchema>;
