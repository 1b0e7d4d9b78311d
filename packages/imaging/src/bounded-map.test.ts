import { setImmediate } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { boundedMap } from './bounded-map.js';

describe('a bounded map', () => {
  it('keeps the order of its items, and no more under way than allowed, one to a lane', async () => {
    const lanes = new Set<number>();
    let most = 0;
    const doubled = await boundedMap([5, 3, 8, 1, 9, 2], 3, async (item, lane) => {
      expect(lanes.has(lane)).toBe(false);
      lanes.add(lane);
      most = Math.max(most, lanes.size);
      for (let turn = 0; turn < item; turn++) await setImmediate();
      lanes.delete(lane);
      return 2 * item;
    });
    expect(doubled).toEqual([10, 6, 16, 2, 18, 4]);
    expect(most).toBe(3);
  });

  it('stops starting items once one has failed, and throws its error', async () => {
    const started: number[] = [];
    const run = boundedMap([0, 1, 2, 3, 4, 5], 2, async (item) => {
      started.push(item);
      await setImmediate();
      if (item === 1) throw new Error('no');
    });
    await expect(run).rejects.toThrow('no');
    expect(started.length).toBeLessThan(6);
  });
});
