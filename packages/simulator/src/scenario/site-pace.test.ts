import { expect, it } from 'vitest';
import { paceSchema, workMs } from './site-pace.js';

it('work takes the time of its steps, its cases and its bytes', () => {
  const pace = { secondsPerStep: 2, secondsPerCase: 0.5, megabitsPerSecond: 8 };
  expect(workMs(pace, { steps: 10, cases: 4, bytes: 3_000_000 })).toBe(20_000 + 2_000 + 3_000);
  const perRound = { ...pace, secondsPerRound: 60 };
  expect(workMs(perRound, { steps: 1, cases: 0, bytes: 0 })).toBe(62_000);
  expect(workMs(perRound, { steps: 0, cases: 4, bytes: 0 })).toBe(2_000);
  expect(workMs(paceSchema.parse({}), { steps: 0, cases: 0, bytes: 0 })).toBe(0);
});
