import { z } from 'zod';

const positive = z.number().positive();

/** How the cases of one data set are given out to sites. A patient's are at one site, whatever the rule. */
export const splitSchema = z.discriminatedUnion('kind', [
  /** By lot, as many to each. */
  z.strictObject({ kind: z.literal('iid') }),
  /** By lot, in these proportions, one for each site in their order. */
  z.strictObject({
    kind: z.literal('sizes'),
    parts: z
      .array(positive)
      .min(2)
      .max(64)
      .describe('How much of the cases each site gets, in proportion'),
  }),
  /**
   * Sites differ in how much of the foreground their cases have: of each third of the cases by that volume, every site gets a
   * share drawn from a symmetric Dirichlet distribution; the smaller `alpha`, the more they differ (Hsu, Qi and Brown 2019,
   * arXiv:1909.06335, with thirds of the load for classes).
   */
  z.strictObject({
    kind: z.literal('dirichlet'),
    alpha: positive.max(1_000).describe('How alike the sites are: the larger, the more'),
  }),
]);

/** A Decathlon folder whose cases become those of all sites. */
export const cohortSchema = z.strictObject({
  path: z.string().min(1).describe('Relative to the data folder of the run'),
  split: splitSchema.describe('How the cases are given out'),
  minCases: z
    .number()
    .int()
    .positive()
    .default(4)
    .describe('The fewest cases that a site is to have'),
});

export type CohortSpec = z.output<typeof cohortSchema>;
export type SplitSpec = CohortSpec['split'];
