import { VirtualClock } from '@fedvox/base';
import { silentLogger } from '@fedvox/base/system';
import { describe, expect, it } from 'vitest';
import { openSqliteStore } from '../store/sqlite-store.js';
import { Sightings } from './sightings.js';

const WRITE_EVERY_MS = 60_000;
const presences = (seen: Record<string, number>) => ({
  presences: () =>
    new Map(
      Object.entries(seen).map(([site, lastSeenAtMs]) => [
        site,
        { lastSeenAtMs, state: 'idle' as const },
      ]),
    ),
});
const common = { clock: new VirtualClock(), log: silentLogger() };

describe('when sites were last seen', () => {
  it('outlives the coordinator, and what is seen now counts more', async () => {
    const store = await openSqliteStore(':memory:');
    const first = await Sightings.load({
      tasks: presences({ north: 5, south: 7 }),
      store,
      ...common,
    });
    await first.write();
    const second = await Sightings.load({ tasks: presences({ south: 9 }), store, ...common });
    expect(['north', 'south', 'west'].map((site) => second.lastSeenAtMs(site))).toEqual([
      5,
      9,
      null,
    ]);
    await store.close();
  });

  it('is written once however often a site is heard of, and once more at the end', async () => {
    const writes: number[] = [];
    const seen = { north: 1 };
    const tasks = { presences: () => presences(seen).presences() };
    const store = {
      sightings: async () => new Map(),
      recordSightings: async (sites: ReadonlyMap<string, number>) => {
        writes.push(...sites.values());
      },
    };
    const clock = new VirtualClock();
    const sightings = await Sightings.load({ tasks, store, clock, log: silentLogger() });
    for (let heard = 0; heard < 1_000; heard++) seen.north = heard;
    const running = sightings.run();
    await clock.advance(WRITE_EVERY_MS);
    expect(writes).toEqual([999]);
    seen.north = 2_000;
    await clock.advance(3 * WRITE_EVERY_MS - 1);
    expect(writes).toEqual([999, 2_000]);
    seen.north = 3_000;
    sightings.stop();
    await running;
    expect(writes).toEqual([999, 2_000, 3_000]);
  });
});
