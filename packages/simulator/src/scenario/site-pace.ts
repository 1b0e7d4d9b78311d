import { z } from 'zod';

/** How long a site's work takes on virtual time: what it really takes here says nothing of a hospital's machine. */
export const paceSchema = z.strictObject({
  secondsPerStep: z
    .number()
    .nonnegative()
    .default(1)
    .describe('Of training: reading a batch, forward, backward'),
  secondsPerCase: z
    .number()
    .nonnegative()
    .default(0.2)
    .describe('Of looking at the data, and of validation'),
  secondsPerRound: z
    .number()
    .nonnegative()
    .optional()
    .describe('Of training in a round besides, whatever it consists of'),
  megabitsPerSecond: z
    .number()
    .positive()
    .default(100)
    .describe('Of its line to the coordinator, both ways'),
});

export type SitePace = z.output<typeof paceSchema>;

export const USUAL_PACE: SitePace = paceSchema.parse({});

/** What a piece of work consisted of. */
export interface WorkDone {
  readonly steps: number;
  readonly cases: number;
  /** Down and up together. */
  readonly bytes: number;
}

const BITS_PER_MEGABYTE_SECOND = 8 / 1_000_000;

/** Milliseconds of virtual time. */
export function workMs(pace: SitePace, { steps, cases, bytes }: WorkDone): number {
  const training = steps === 0 ? 0 : (pace.secondsPerRound ?? 0);
  const computing = training + steps * pace.secondsPerStep + cases * pace.secondsPerCase;
  const sending = (bytes * BITS_PER_MEGABYTE_SECOND) / pace.megabitsPerSecond;
  return Math.round((computing + sending) * 1_000);
}
