import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DEFAULT_PACE, waitMs } from './pace.js';

describe('the wait before dialling again', () => {
  it('grows from the first delay, and is never over its bound, however often it was tried', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 1e9 }),
        fc.double({ min: 0, max: 0.999, noNaN: true }),
        (attempt, jitter) => {
          const wait = waitMs({ kind: 'wait', why: 'offline', attempt }, DEFAULT_PACE, jitter);
          expect(wait).toBeGreaterThan(0);
          expect(wait).toBeLessThanOrEqual(DEFAULT_PACE.maxRedialMs);
        },
      ),
    );
    const waits = [1, 2, 3].map((attempt) =>
      waitMs(
        { kind: 'wait', why: 'offline', attempt },
        { ...DEFAULT_PACE, firstRedialMs: 100 },
        0.5,
      ),
    );
    expect(waits).toEqual([55, 110, 220]);
  });

  it('is spread out, so that sites do not all come back at once', () => {
    const waits = [0, 0.5, 0.999].map((jitter) =>
      waitMs({ kind: 'wait', why: 'offline', attempt: 100 }, DEFAULT_PACE, jitter),
    );
    expect(waits).toEqual([3_000, 16_500, 29_973]);
  });
});
