import { describe, expect, it } from 'vitest';
import { RoundTimes } from './round-times.js';

const sha256 = 'ab'.repeat(32);
const opened = (round: number) =>
  ({ kind: 'round-opened', round, work: 'train', baseModel: sha256, deadlineAtMs: 0 }) as const;
const committed = (round: number) =>
  ({ kind: 'round-committed', round, work: 'train', baseModel: sha256, model: sha256 }) as const;

function timesOf(totalRounds: number, durationsMs: readonly number[]) {
  const times = new RoundTimes(totalRounds);
  let atMs = 1_000;
  durationsMs.forEach((durationMs, index) => {
    times.onFact(opened(index + 1), atMs);
    atMs += durationMs;
    times.onFact(committed(index + 1), atMs);
  });
  return { times, atMs };
}

describe('the times of a job’s rounds', () => {
  it('are counted from opening to committing, and forecast the end by the latest five', () => {
    const { times, atMs } = timesOf(10, [900_000, 10, 20, 30, 40, 50]);
    expect(times.durationMs(1)).toBe(900_000);
    expect(times.durationMs(7)).toBeNull();
    expect(times.endsAboutAtMs(6, atMs)).toBe(atMs + 4 * 30);
  });

  it('forecast nothing once no round is left, or before one has ended', () => {
    const { times, atMs } = timesOf(2, [10, 10]);
    expect(times.endsAboutAtMs(2, atMs)).toBeNull();
    expect(new RoundTimes(5).endsAboutAtMs(0, 0)).toBeNull();
  });

  it('count a round that was opened again from there', () => {
    const times = new RoundTimes(3);
    times.onFact(opened(1), 0);
    times.onFact(opened(1), 5_000);
    times.onFact(committed(1), 5_700);
    expect(times.durationMs(1)).toBe(700);
  });
});
