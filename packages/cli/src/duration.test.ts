import { describe, expect, it } from 'vitest';
import { duration } from './duration.js';

describe('a duration for people', () => {
  it.each([
    [0, '0.0 s'],
    [12_345, '12.3 s'],
    [59_960, '1 min 0 s'],
    [250_000, '4 min 10 s'],
    [7_500_000, '2 h 5 min'],
    [3 * 86_400_000, '3 d 0 h'],
  ])('of %d ms reads %s', (durationMs, text) => {
    expect(duration(durationMs)).toBe(text);
  });
});
