import { describe, expect, it } from 'vitest';
import { plateauCuts } from './plateau.js';
import { scheduledPart, scheduleSchema } from './schedule.js';

/** PyTorch 2.13: ReduceLROnPlateau(mode='max', factor=0.5, patience=2, threshold=0.001) from 0.01. */
const RECORDED = {
  figures: [0.5, 0.6, 0.65, 0.65, 0.6505, 0.65, 0.65, 0.7, 0.7, 0.7, 0.7, 0.7, 0.7, 0.7, 0.71],
  after: [
    ...[0.01, 0.01, 0.01, 0.01, 0.01, 0.005, 0.005, 0.005, 0.005, 0.005],
    ...[0.0025, 0.0025, 0.0025, 0.00125, 0.00125],
  ],
};
const schedule = scheduleSchema.parse({
  ...{ kind: 'plateau', factor: 0.5, patience: 2, threshold: 0.001 },
}) as Extract<ReturnType<typeof scheduleSchema.parse>, { kind: 'plateau' }>;

describe('a learning rate on a plateau', () => {
  it('is what PyTorch makes of the same figures, after each of them', () => {
    const rates = RECORDED.figures.map((_, at) => {
      const cuts = plateauCuts(schedule, 'dice', RECORDED.figures.slice(0, at + 1));
      return 0.01 * scheduledPart(schedule, at, 100, cuts);
    });
    rates.forEach((rate, at) => {
      expect(rate).toBeCloseTo(RECORDED.after[at] as number, 12);
    });
  });

  it('passes over models of which nobody told a figure', () => {
    const withGaps = RECORDED.figures.flatMap((figure) => [null, figure, null]);
    expect(plateauCuts(schedule, 'dice', withGaps)).toBe(3);
    expect(plateauCuts(schedule, 'dice', [null, null, null, null])).toBe(0);
    expect(plateauCuts(schedule, 'dice', [])).toBe(0);
  });

  it('is cut by the first model without a gain where it bears none', () => {
    const impatient = { ...schedule, patience: 0 };
    expect(plateauCuts(impatient, 'auc', [0.6, 0.6, 0.7, 0.5, 0.5])).toBe(3);
  });

  it('is not cut below its floor, and warms up before all else', () => {
    const floored = { ...schedule, floor: 0.2, warmupRounds: 1 };
    expect([0, 1, 2, 3].map((cuts) => scheduledPart(floored, 1, 9, cuts))).toEqual([
      ...[1, 0.5, 0.25, 0.2],
    ]);
    expect(scheduledPart(floored, 0, 9, 3)).toBe(0.5);
  });
});
