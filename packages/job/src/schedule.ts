import { z } from 'zod';
import { unionOf } from './kinds.js';

const count = z.number().int().positive().max(100_000);
/**
 * A linear climb to the full rate, before all else: PyTorch's `LinearLR` with `multiplier` as its
 * `start_factor`, MONAI's `WarmupCosineSchedule` with it as its `warmup_multiplier`.
 */
const warmup = z.strictObject({
  length: count.describe('Rounds or steps, whichever the schedule goes over'),
  multiplier: z
    .number()
    .min(0)
    .lt(1)
    .default(0)
    .describe('The part of the rate that it begins with'),
});
/** What any kind may say; optional, like all that joined after jobs were first signed. */
const shared = {
  warmupRounds: count
    .optional()
    .describe(
      'The first rounds’ rate climbs to the full one in equal steps: round 1 of W has 1 / (W + 1) of it',
    ),
  warmup: warmup.optional().describe('A rise at the beginning'),
  over: z
    .enum(['rounds', 'steps'])
    .optional()
    .describe(
      'What it counts, rounds where absent: local steps are counted through all rounds, so they are to be fixed',
    ),
};

const step = z.strictObject({
  kind: z.literal('step'),
  ...shared,
  every: count.describe('Rounds, or local steps, between two cuts of the rate'),
  factor: z
    .number()
    .positive()
    .lt(1)
    .default(0.1)
    .describe('What the rate is multiplied with each time'),
});
const cosine = z.strictObject({
  kind: z.literal('cosine'),
  ...shared,
  floor: z.number().min(0).lt(1).default(0).describe('The part of the rate that it sinks towards'),
});
const polynomial = z.strictObject({
  kind: z.literal('polynomial'),
  ...shared,
  power: z.number().positive().max(10).default(0.9).describe('Of what is left of the job'),
});

const plateau = z.strictObject({
  kind: z.literal('plateau'),
  ...shared,
  over: z.literal('rounds').optional(),
  factor: z
    .number()
    .positive()
    .lt(1)
    .default(0.1)
    .describe('What the rate is multiplied with each time'),
  patience: z
    .number()
    .int()
    .min(0)
    .max(100_000)
    .default(10)
    .describe('Models in a row without a gain that it bears; one more cuts the rate'),
  threshold: z
    .number()
    .min(0)
    .lt(1)
    .default(1e-4)
    .describe('The part of the best figure by which a figure must be better to be a gain'),
  floor: z
    .number()
    .min(0)
    .lt(1)
    .default(0)
    .describe('The part of the rate below which it is not cut'),
});

/** Which part of the learning rate is left after `done` of `all` rounds or steps, those of the warm-up not counted. */
interface Row<Schema extends z.ZodType> {
  readonly schema: Schema;
  readonly part: (said: z.output<Schema>, done: number, all: number, cuts: number) => number;
}

const row = <Schema extends z.ZodType>(schema: Schema, part: Row<Schema>['part']) => ({
  schema,
  part,
});

/**
 * How the learning rate goes over a job's rounds, or over their local steps. The same at every site, for it
 * is computed from the job and the number of the round or step alone; on a plateau also from what the
 * coordinator counts for all.
 */
export const SCHEDULES = {
  constant: row(z.strictObject({ kind: z.literal('constant'), ...shared }), () => 1),
  /** As PyTorch's `StepLR`. */
  step: row(step, ({ every, factor }, done) => factor ** Math.floor(done / every)),
  /** Without restarts: Loshchilov and Hutter, ICLR 2017; PyTorch's `CosineAnnealingLR`. */
  cosine: row(
    cosine,
    ({ floor }, done, all) => floor + ((1 - floor) * (1 + Math.cos((Math.PI * done) / all))) / 2,
  ),
  /** As nnU-Net's: Isensee et al., Nature Methods 2021; PyTorch's `PolynomialLR`. */
  polynomial: row(polynomial, ({ power }, done, all) => (1 - done / all) ** power),
  /** As PyTorch's `ReduceLROnPlateau`, by the figure that the job's best model is chosen by: `plateauCuts`. */
  plateau: row(plateau, ({ factor, floor }, _done, _all, cuts) => Math.max(factor ** cuts, floor)),
} as const;

export type ScheduleKind = keyof typeof SCHEDULES;
export const scheduleSchema = unionOf(SCHEDULES);
export type ScheduleSpec = z.output<typeof scheduleSchema>;
export type PlateauSpec = z.output<typeof plateau>;

/**
 * Which part of its learning rate a job trains with after `done` of `all` rounds or local steps.
 * @param cuts by which a plateau has lowered it
 * @returns in (0, 1], or 0 at the start of a warm-up from nothing
 */
export function scheduledPart(schedule: ScheduleSpec, done: number, all: number, cuts = 0): number {
  const warming = warmupLength(schedule);
  if (done < warming) return warmupPart(schedule, done, warming);
  // What a job says of a kind is what the row of that kind takes, which a lookup cannot express.
  const { part } = SCHEDULES[schedule.kind] as unknown as Row<typeof scheduleSchema>;
  return part(schedule, done - warming, all - warming, cuts);
}

function warmupLength({ warmup, warmupRounds = 0 }: ScheduleSpec): number {
  return warmup?.length ?? warmupRounds;
}

function warmupPart({ warmup }: ScheduleSpec, done: number, length: number): number {
  if (warmup === undefined) return (done + 1) / (length + 1);
  return warmup.multiplier + ((1 - warmup.multiplier) * done) / length;
}

/** What a job's schedule must not say beside the rest of the job, and where it says it. */
export interface ScheduleFault {
  readonly key: 'over' | 'warmup' | 'warmupRounds';
  readonly message: string;
}

/** @param localSteps of a round; undefined where sites count epochs */
export function scheduleFault(
  schedule: ScheduleSpec,
  rounds: number,
  localSteps: number | undefined,
): ScheduleFault | undefined {
  const { over = 'rounds', warmup, warmupRounds } = schedule;
  if (over === 'steps' && localSteps === undefined) {
    return {
      key: 'over',
      message: 'counts local steps, which differ by site: fix them by localSteps',
    };
  }
  if (warmupRounds !== undefined && (warmup !== undefined || over === 'steps')) {
    return { key: 'warmupRounds', message: 'is said where warmup would be: say that alone' };
  }
  const ofRound = over === 'steps' ? (localSteps ?? 0) : 1;
  if (warmupLength(schedule) >= rounds * ofRound) {
    const key = warmup === undefined ? 'warmupRounds' : 'warmup';
    return {
      key,
      message: `leaves none of the job's ${rounds * ofRound} ${over} to train at the full rate`,
    };
  }
  if (warmup?.multiplier === 0 && ofRound === 1) {
    return {
      key: 'warmup',
      message: 'begins with nothing, and the first round would train nothing',
    };
  }
  return undefined;
}
