import { z } from 'zod';
import { unionOf } from './kinds.js';

const count = z.number().int().positive().max(100_000);
/** The first rounds' rate climbs to the full one in equal steps: round 1 of W has 1 / (W + 1) of it. */
const warmUp = { warmupRounds: count.optional() };

const step = z.strictObject({
  kind: z.literal('step'),
  ...warmUp,
  /** Rounds between two steps. */
  every: count,
  factor: z.number().positive().lt(1).default(0.1),
});
const cosine = z.strictObject({
  kind: z.literal('cosine'),
  ...warmUp,
  /** The part of the rate that it sinks towards. */
  floor: z.number().min(0).lt(1).default(0),
});
const polynomial = z.strictObject({
  kind: z.literal('polynomial'),
  ...warmUp,
  power: z.number().positive().max(10).default(0.9),
});

/** Which part of the learning rate is left after `done` of `all` rounds, those of the warm-up not counted. */
interface Row<Schema extends z.ZodType> {
  readonly schema: Schema;
  readonly part: (said: z.output<Schema>, done: number, all: number) => number;
}

const row = <Schema extends z.ZodType>(schema: Schema, part: Row<Schema>['part']) => ({
  schema,
  part,
});

/**
 * How the learning rate goes over a job's rounds. The same at every site, for it is computed from the
 * round's number and the job alone.
 */
export const SCHEDULES = {
  constant: row(z.strictObject({ kind: z.literal('constant'), ...warmUp }), () => 1),
  /** As PyTorch's `StepLR`. */
  step: row(step, ({ every, factor }, done) => factor ** Math.floor(done / every)),
  /** Without restarts: Loshchilov and Hutter, ICLR 2017; PyTorch's `CosineAnnealingLR`. */
  cosine: row(
    cosine,
    ({ floor }, done, all) => floor + ((1 - floor) * (1 + Math.cos((Math.PI * done) / all))) / 2,
  ),
  /** As nnU-Net's: Isensee et al., Nature Methods 2021; PyTorch's `PolynomialLR`. */
  polynomial: row(polynomial, ({ power }, done, all) => (1 - done / all) ** power),
} as const;

export type ScheduleKind = keyof typeof SCHEDULES;
export const scheduleSchema = unionOf(SCHEDULES);
export type ScheduleSpec = z.output<typeof scheduleSchema>;

/**
 * Which part of its learning rate a job trains with in a round.
 * @param round from 1
 * @returns in (0, 1]
 */
export function scheduledPart(schedule: ScheduleSpec, round: number, rounds: number): number {
  const { warmupRounds = 0 } = schedule;
  if (round <= warmupRounds) return round / (warmupRounds + 1);
  // What a job says of a kind is what the row of that kind takes, which a lookup cannot express.
  const { part } = SCHEDULES[schedule.kind] as unknown as Row<typeof scheduleSchema>;
  return part(schedule, round - 1 - warmupRounds, rounds - warmupRounds);
}
