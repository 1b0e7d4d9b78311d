import { z } from 'zod';

const positiveInt = z.number().int().positive();
const positive = z.number().positive();
const MAX_PARAMETERS = 1_000_000;
const MAX_CASES = 100_000;

const rising = ([from, to]: readonly number[]) => (from as number) <= (to as number);
const RISES = { error: 'goes from the smaller to the larger' };

/**
 * Instead of scans and an engine: each site's loss is a bowl, ½ a (w − o)² along each value w of the model, that differs from
 * site to site in its curvature a and its optimum o. What strategies do under such differences is known in closed form.
 */
export const surrogateSchema = z.strictObject({
  programs: z
    .boolean()
    .default(false)
    .describe(
      'Whether the programs run, with their disks, databases and certificates, as for sites that train; their cores alone in memory otherwise, a hundred times as fast, to the same models',
    ),
  parameters: positiveInt.max(MAX_PARAMETERS).default(200).describe('Values of the model'),
  spread: z
    .number()
    .nonnegative()
    .default(0.3)
    .describe(
      'Standard deviation of the sites’ optima around the common one, which itself is that of 1: how much hospitals differ',
    ),
  curvature: z
    .tuple([positive, positive])
    .refine(rising, RISES)
    .default([0.5, 2])
    .describe(
      'Between which the curvatures of a site’s loss are drawn, as their logarithms have it',
    ),
  sampling: z
    .number()
    .nonnegative()
    .default(3)
    .describe(
      'How far what a site trains on leads away from its own optimum: this over the root of its training cases',
    ),
  noise: z
    .number()
    .nonnegative()
    .default(0.1)
    .describe('Standard deviation of each value of a step’s gradient'),
  cases: z
    .tuple([positiveInt.min(2).max(MAX_CASES), positiveInt.max(MAX_CASES)])
    .refine(rising, RISES)
    .default([30, 60])
    .describe('Between which the number of a site’s labelled cases is drawn'),
});

export type SurrogateSpec = z.output<typeof surrogateSchema>;

/** The same in every run of a scenario, whatever its job and the seed of the training. */
export interface SeededSurrogate extends SurrogateSpec {
  /** Of the sites: their losses, and how many cases they have. */
  readonly seed: number;
}
