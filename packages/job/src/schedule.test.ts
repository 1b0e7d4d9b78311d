import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { type ScheduleSpec, scheduledPart, scheduleSchema } from './schedule.js';
import {
  stepPartsOfRound,
  type TrainingSpec,
  trainingOfRound,
  trainingSchema,
} from './training.js';

const partsOf = (schedule: Parameters<typeof scheduleSchema.parse>[0], rounds: number) => {
  const parsed: ScheduleSpec = scheduleSchema.parse(schedule);
  return Array.from({ length: rounds }, (_, at) => scheduledPart(parsed, at, rounds));
};

describe('a learning rate over the rounds', () => {
  // PyTorch's schedulers with an optimizer of rate 1, one step a round, by their formulas in float64.
  it.each<[object, readonly number[]]>([
    [{ kind: 'constant' }, [1, 1, 1, 1, 1]],
    [{ kind: 'step', every: 2 }, [1, 1, 0.1, 0.1, 0.01]],
    [{ kind: 'step', every: 1, factor: 0.5 }, [1, 0.5, 0.25, 0.125, 0.0625]],
    [
      { kind: 'cosine' },
      [1, 0.9045084971874737, 0.6545084971874737, 0.34549150281252633, 0.09549150281252633],
    ],
    [
      { kind: 'cosine', floor: 0.1 },
      [1, 0.9140576474687263, 0.6890576474687264, 0.4109423525312737, 0.1859423525312737],
    ],
    [
      { kind: 'polynomial' },
      [1, 0.8180521460508584, 0.6314458674893553, 0.4383832905540869, 0.23492378861760374],
    ],
    [{ kind: 'polynomial', power: 2 }, [1, 0.64, 0.36, 0.16, 0.04]],
    [{ kind: 'constant', warmupRounds: 3 }, [0.25, 0.5, 0.75, 1, 1]],
    [{ kind: 'polynomial', power: 1, warmupRounds: 1 }, [0.5, 1, 0.75, 0.5, 0.25]],
    [{ kind: 'constant', warmup: { length: 4, multiplier: 0.2 } }, [0.2, 0.4, 0.6, 0.8, 1, 1]],
  ])('goes as declared: %j', (schedule, expected) => {
    partsOf(schedule, expected.length).forEach((part, at) => {
      expect(part).toBeCloseTo(expected[at] as number, 12);
    });
  });

  it('is never nothing, and never more than the whole', () => {
    const kinds = [
      { kind: 'constant' },
      { kind: 'step', every: 3 },
      { kind: 'cosine' },
      { kind: 'polynomial' },
    ];
    for (const schedule of kinds.flatMap((each) => [each, { ...each, warmupRounds: 4 }])) {
      for (const part of partsOf(schedule, 24)) {
        expect(part).toBeGreaterThan(0);
        expect(part).toBeLessThanOrEqual(1);
      }
    }
  });

  it('is refused where it says what its kind does not know', () => {
    expect(scheduleSchema.safeParse({ kind: 'cosine', every: 2 }).success).toBe(false);
    expect(scheduleSchema.safeParse({ kind: 'step' }).success).toBe(false);
    expect(scheduleSchema.safeParse({ kind: 'exponential' }).success).toBe(false);
  });
});

describe('a learning rate over the local steps of all rounds', () => {
  const golden: Record<string, number[]> = JSON.parse(
    readFileSync(new URL('golden/schedules.json', import.meta.url), 'utf8'),
  );
  const [learningRate, localSteps, rounds] = [0.01, 8, 3];

  it.each<[name: string, schedule: Parameters<typeof scheduleSchema.parse>[0]]>([
    ['cosine_T24', { kind: 'cosine' }],
    ['poly_0.9_T24', { kind: 'polynomial' }],
    ['step_8_0.1', { kind: 'step', every: 8 }],
    ['warmup4_cosine_T24', { kind: 'cosine', warmup: { length: 4 } }],
  ])('is what PyTorch and MONAI give for %s', (name, said) => {
    const schedule = scheduleSchema.parse({ ...(said as object), over: 'steps' });
    const optimizer = { kind: 'sgd', learningRate } as const;
    const training = trainingSchema.parse({ batchSize: 1, optimizer, localSteps, schedule });
    const job = { training, federation: { rounds } };
    const rates = [1, 2, 3].flatMap((round) => {
      expect(trainingOfRound(job, round)).toBe(training);
      const partOf = stepPartsOfRound(job, round);
      return Array.from({ length: localSteps }, (_, step) => learningRate * (partOf?.(step) ?? 0));
    });
    const expected = golden[name] as number[];
    expect(rates).toHaveLength(expected.length);
    for (const [at, rate] of rates.entries()) expect(rate).toBeCloseTo(expected[at] as number, 9);
  });

  it('is no matter of steps where it is one of rounds', () => {
    const training = trainingSchema.parse({ batchSize: 1, schedule: { kind: 'cosine' } });
    expect(stepPartsOfRound({ training, federation: { rounds } }, 2)).toBeUndefined();
  });
});

describe('the training of a round', () => {
  const trainingIn = (training: TrainingSpec, round: number) =>
    trainingOfRound({ training, federation: { rounds: 4 } }, round);

  it('is the job’s own where it has no schedule', () => {
    const training = trainingSchema.parse({ batchSize: 2 });
    expect(trainingIn(training, 3)).toBe(training);
  });

  it('differs from it by the learning rate alone where it has one', () => {
    const schedule = { kind: 'step', every: 2, factor: 0.25 } as const;
    const optimizer = { kind: 'adam', learningRate: 0.5 } as const;
    const training = trainingSchema.parse({ batchSize: 2, optimizer, schedule });
    expect(trainingIn(training, 2)).toEqual(training);
    expect(trainingIn(training, 3)).toEqual({
      ...training,
      optimizer: { ...training.optimizer, learningRate: 0.125 },
    });
  });
});
