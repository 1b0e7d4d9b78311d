import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { VirtualClock } from './virtual-clock.js';

describe('a virtual clock', () => {
  it('stands still until it is told to go, and then goes exactly as far', async () => {
    const clock = new VirtualClock({ startMs: 1_000 });
    const fired: number[] = [];
    clock.after(500, () => fired.push(clock.nowMs()));
    await clock.advance(499);
    expect([clock.nowMs(), fired]).toEqual([1_499, []]);
    await clock.advance(1);
    expect([clock.nowMs(), fired]).toEqual([1_500, [1_500]]);
  });

  it('fires timers when they are due, and those due together as they were set', async () => {
    const delays = fc.array(fc.nat(20), { maxLength: 40 });
    await fc.assert(
      fc.asyncProperty(delays, async (delaysMs) => {
        const clock = new VirtualClock();
        const fired: { at: number; set: number }[] = [];
        delaysMs.forEach((delayMs, set) => {
          clock.after(delayMs, () => fired.push({ at: clock.nowMs(), set }));
        });
        await clock.advance(20);
        const expected = delaysMs.map((at, set) => ({ at, set }));
        expect(fired).toEqual(expected.sort((a, b) => a.at - b.at || a.set - b.set));
      }),
    );
  });

  it('lets what one timer set going set the next, all in one advance', async () => {
    const clock = new VirtualClock();
    const woke: number[] = [];
    const walk = async () => {
      for (let step = 0; step < 3; step++) {
        await clock.sleep(100);
        woke.push(clock.nowMs());
      }
    };
    const walking = walk();
    await clock.advance(1_000);
    await walking;
    expect(woke).toEqual([100, 200, 300]);
  });

  it('repeats until it is cancelled, even from within', async () => {
    const clock = new VirtualClock();
    const beats: number[] = [];
    const timer = clock.every(10, () => {
      beats.push(clock.nowMs());
      if (beats.length === 3) timer.cancel();
    });
    await clock.advance(1_000);
    expect(beats).toEqual([10, 20, 30]);
  });

  it('forgets a timer that is cancelled, though it is due in the same instant', async () => {
    const clock = new VirtualClock();
    const fired: string[] = [];
    clock.after(5, () => second.cancel());
    const second = clock.after(5, () => fired.push('second'));
    await clock.advance(5);
    expect(fired).toEqual([]);
  });

  it('ends a sleep with the reason of the signal', async () => {
    const clock = new VirtualClock();
    const controller = new AbortController();
    const sleeping = clock.sleep(1_000, controller.signal);
    controller.abort(new Error('no longer wanted'));
    await expect(sleeping).rejects.toThrow('no longer wanted');
    await expect(clock.sleep(1_000, controller.signal)).rejects.toThrow('no longer wanted');
  });

  it('fires late what was due while the host slept, once', () => {
    const clock = new VirtualClock();
    const beats: number[] = [];
    clock.every(60_000, () => beats.push(clock.nowMs()));
    clock.leap(86_400_000);
    expect(beats).toEqual([86_400_000]);
    expect(() => clock.leap(-1)).toThrow('time does not run backwards');
  });

  it('passes until work is done, and says so where nothing could bring it on', async () => {
    const clock = new VirtualClock();
    const work = clock.sleep(86_400_000).then(() => clock.nowMs());
    await expect(clock.passUntil(work)).resolves.toBe(86_400_000);
    await expect(clock.passUntil(new Promise(() => undefined))).rejects.toThrow(
      'work that goes on waits for a timer',
    );
    await expect(clock.passUntil(Promise.reject(new Error('broken')))).rejects.toThrow('broken');
  });

  it('stands still while what a timer set going is under way elsewhere', async () => {
    let atRest: () => void = () => undefined;
    let settles = 0;
    const settle = () =>
      new Promise<void>((resolve) => {
        settles++;
        atRest = resolve;
      });
    const clock = new VirtualClock({ settle });
    clock.after(10, () => undefined);
    clock.after(20, () => undefined);
    const advancing = clock.advance(20);
    const seen: number[] = [];
    for (let rest = 0; rest < 3; rest++) {
      await Promise.resolve();
      seen.push(clock.nowMs());
      atRest();
    }
    await advancing;
    expect({ seen, settles }).toEqual({ seen: [0, 10, 20], settles: 3 });
  });
});
