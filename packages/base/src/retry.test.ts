import { describe, expect, it } from 'vitest';
import type { Clock } from './clock.js';
import { retry, retryDelayMs } from './retry.js';
import { VirtualClock } from './virtual-clock.js';

const policy = { maxAttempts: 4, firstDelayMs: 100, maxDelayMs: 250 };

/** A clock that only notes how long it was asked to sleep. */
function recordingClock(): { clock: Clock; slept: number[] } {
  const slept: number[] = [];
  const sleep = async (durationMs: number) => void slept.push(durationMs);
  return { clock: { ...new VirtualClock(), sleep }, slept };
}

describe('retry', () => {
  it('waits longer each time, up to the bound, and returns the first success', async () => {
    const { clock, slept } = recordingClock();
    const result = await retry(
      policy,
      { clock, jitter: () => 1, isTransient: () => true },
      async (attempt) => {
        if (attempt < 4) throw new Error('not yet');
        return attempt;
      },
    );
    expect(result).toBe(4);
    expect(slept).toEqual([100, 200, 250]);
  });

  it('throws the last error once the attempts are spent', async () => {
    const { clock, slept } = recordingClock();
    const attempts = retry(policy, { clock, jitter: () => 0, isTransient: () => true }, (attempt) =>
      Promise.reject(new Error(`attempt ${attempt}`)),
    );
    await expect(attempts).rejects.toThrow('attempt 4');
    expect(slept).toHaveLength(3);
  });

  it('does not repeat what cannot get better', async () => {
    const { clock, slept } = recordingClock();
    const attempts = retry(policy, { clock, jitter: () => 0, isTransient: () => false }, () =>
      Promise.reject(new Error('refused')),
    );
    await expect(attempts).rejects.toThrow('refused');
    expect(slept).toEqual([]);
  });

  it('never waits less than a tenth of the ceiling', () => {
    expect(retryDelayMs(policy, 1, 0)).toBe(10);
  });
});
