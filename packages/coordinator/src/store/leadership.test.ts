import { VirtualClock } from '@fedvox/base';
import { silentLogger } from '@fedvox/base/system';
import { beforeEach, describe, expect, it } from 'vitest';
import { fail } from '../errors.js';
import { Leadership, type LedDatabase, standBy } from './leadership.js';
import type { Reign } from './postgres-database.js';

const TERM_MS = 10_000;

/** The one row that all of them see. */
class Row {
  reign: Reign = { epoch: 0, writes: 0, holder: '' };
  isAway = false;

  /** As one coordinator sees it. */
  seen(): LedDatabase {
    let epoch: number | undefined;
    const write = (changes: Partial<Reign> = {}) => {
      if (epoch !== this.reign.epoch) throw fail('leadership-lost', { store: 'row' });
      this.reign = { ...this.reign, ...changes, writes: this.reign.writes + 1 };
    };
    return {
      reign: async () => {
        if (this.isAway) throw fail('store-unreachable', { store: 'row', reason: 'away' });
        return this.reign;
      },
      takeOver: async ({ epoch: seen, writes }, holder) => {
        if (seen !== this.reign.epoch || writes !== this.reign.writes) return false;
        epoch = seen + 1;
        this.reign = { epoch, writes: writes + 1, holder };
        return true;
      },
      transaction: async (work) => {
        write();
        return work(undefined as never);
      },
      release: async () => write({ holder: '' }),
    };
  }
}

describe('leadership', () => {
  let row: Row;
  let clock: VirtualClock;
  beforeEach(() => {
    row = new Row();
    clock = new VirtualClock();
  });
  const optionsOf = (holder: string) => ({
    clock,
    log: silentLogger(),
    holder,
    takeoverAfterMs: TERM_MS,
  });
  const stand = (database: LedDatabase, holder: string, told: string[] = []) => {
    const stopping = new AbortController();
    const onStandby = async (leader: string) => void told.push(leader);
    const led = { isDone: false };
    const waiting = standBy(database, optionsOf(holder), onStandby, stopping.signal).then(() => {
      led.isDone = true;
    });
    return { led, waiting, stop: (reason: Error) => stopping.abort(reason) };
  };

  it('is had at once where nobody leads, and where the leader gave it up at the next look', async () => {
    const [one, other] = [row.seen(), row.seen()];
    await stand(one, 'one').waiting;
    const leading = new Leadership(one, optionsOf('one'));
    const told: string[] = [];
    const second = stand(other, 'other', told);
    await clock.advance(10 * TERM_MS);
    expect([second.led.isDone, new Set(told)]).toEqual([false, new Set(['one'])]);
    await leading.end();
    await clock.advance(TERM_MS / 4);
    expect(second.led.isDone).toBe(true);
    expect(row.reign).toMatchObject({ epoch: 2, holder: 'other' });
  });

  it('goes over after a term of silence, not before, and the silent one may not write any more', async () => {
    const [one, other] = [row.seen(), row.seen()];
    await stand(one, 'one').waiting;
    const second = stand(other, 'other');
    await clock.advance(TERM_MS - 1);
    expect(second.led.isDone).toBe(false);
    await clock.advance(1);
    expect(second.led.isDone).toBe(true);
    // It slept, and wakes.
    const leading = new Leadership(one, optionsOf('one'));
    await clock.advance(0);
    expect(leading.signal.reason).toMatchObject({ code: 'coordinator/leadership-lost' });
    await leading.end();
    expect(row.reign).toMatchObject({ epoch: 2, holder: 'other' });
  });

  it('stays where it is while the leader writes, be it late', async () => {
    const [one, other] = [row.seen(), row.seen()];
    await stand(one, 'one').waiting;
    const second = stand(other, 'other');
    for (let times = 0; times < 10; times++) {
      await clock.advance(TERM_MS - 1);
      await one.transaction(async () => undefined);
    }
    expect(second.led.isDone).toBe(false);
    second.stop(new Error('enough'));
    await expect(second.waiting).rejects.toThrow('enough');
  });

  it('is not taken for silent while nobody reaches the database, nor by a clock that jumps', async () => {
    const [one, other] = [row.seen(), row.seen()];
    await stand(one, 'one').waiting;
    const second = stand(other, 'other');
    row.isAway = true;
    await clock.advance(10 * TERM_MS);
    row.isAway = false;
    clock.leap(10 * TERM_MS);
    await clock.advance(TERM_MS / 2);
    expect(second.led.isDone).toBe(false);
    await clock.advance(TERM_MS);
    expect(second.led.isDone).toBe(true);
  });

  it('is one’s of several that stand by', async () => {
    const all = ['one', 'two', 'three'].map((name) => stand(row.seen(), name));
    await clock.advance(0);
    expect(all.filter(({ led }) => led.isDone)).toHaveLength(1);
    for (const { stop } of all) stop(new Error('enough'));
    await Promise.allSettled(all.map(({ waiting }) => waiting));
  });
});
