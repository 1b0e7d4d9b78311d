import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { VirtualClock } from '@fedvox/base';
import { describe, expect, it } from 'vitest';
import { ContactKeeper, readContact } from './contact.js';

describe('the last contact', () => {
  it('is written at once when it turns, and else at most every half minute', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'fedvox-contact-'));
    const path = join(folder, 'contact.json');
    const clock = new VirtualClock({ startMs: 1_000 });
    const keeper = new ContactKeeper(path, clock);
    const note = async (failure: string | null) => {
      await keeper.note({ address: 'fed:1', failure, heartbeatIntervalMs: 5 });
      const { atMs, failure: kept } = (await readContact(path)) ?? {};
      return [atMs, kept];
    };
    expect(await note(null)).toEqual([1_000, null]);
    clock.leap(29_999);
    expect(await note(null)).toEqual([1_000, null]);
    expect(await note('gone')).toEqual([30_999, 'gone']);
    clock.leap(1);
    expect(await note(null)).toEqual([31_000, null]);
    clock.leap(30_000);
    expect(await note(null)).toEqual([61_000, null]);
    rmSync(folder, { recursive: true });
  });
});
