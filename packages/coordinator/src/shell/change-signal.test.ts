import { VirtualClock } from '@fedvox/base';
import { describe, expect, it } from 'vitest';
import { ChangeSignal } from './change-signal.js';

const HOUR_MS = 3_600_000;

describe('a change signal', () => {
  it('wakes everybody who waits', async () => {
    const changes = new ChangeSignal(new VirtualClock());
    const waiting = [changes.wait(HOUR_MS), changes.wait(HOUR_MS)];
    changes.changed();
    await expect(Promise.all(waiting)).resolves.toHaveLength(2);
  });

  it('keeps nobody waiting once it is closed', async () => {
    const clock = new VirtualClock();
    const changes = new ChangeSignal(clock);
    const waiting = changes.wait(HOUR_MS);
    changes.close();
    await waiting;
    await changes.wait(HOUR_MS);
    expect([changes.isClosed, clock.waiting]).toEqual([true, 0]);
  });

  it('wakes whom a change concerns, and whoever waits for any, and nobody else', async () => {
    const changes = new ChangeSignal(new VirtualClock());
    const woken: string[] = [];
    const wait = (name: string, site?: string) =>
      changes.wait(HOUR_MS, undefined, site).then(() => woken.push(name));
    const waiting = [wait('north', 'north'), wait('operator')];
    const south = wait('south', 'south');
    changes.changed(['north', 'east']);
    await Promise.all(waiting);
    expect(woken).toEqual(['operator', 'north']);
    changes.changed(['north']);
    changes.changed();
    await south;
    expect(woken).toEqual(['operator', 'north', 'south']);
  });

  it('lets go of a waiter that was cancelled, before or after it began to wait', async () => {
    const changes = new ChangeSignal(new VirtualClock());
    const cancel = new AbortController();
    const waiting = changes.wait(HOUR_MS, cancel.signal);
    cancel.abort();
    await expect(waiting).resolves.toBeUndefined();
    await expect(changes.wait(HOUR_MS, cancel.signal)).resolves.toBeUndefined();
  });

  it('lets a waiter go on when nothing changes', async () => {
    const clock = new VirtualClock();
    const waiting = new ChangeSignal(clock).wait(HOUR_MS);
    await clock.advance(HOUR_MS);
    await expect(waiting).resolves.toBeUndefined();
  });
});
