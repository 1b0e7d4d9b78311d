import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock } from '@fedvox/base/system';
import { describe, expect, it } from 'vitest';
import { ContactKeeper, readContact } from './contact.js';

describe('the last contact', () => {
  it('is written at once when it turns, and else at most every half minute', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'fedvox-contact-'));
    const path = join(folder, 'contact.json');
    let nowMs = 1_000;
    const keeper = new ContactKeeper(path, { ...systemClock, nowMs: () => nowMs });
    const note = async (failure: string | null) => {
      await keeper.note({ address: 'fed:1', failure, heartbeatIntervalMs: 5 });
      const { atMs, failure: kept } = (await readContact(path)) ?? {};
      return [atMs, kept];
    };
    expect(await note(null)).toEqual([1_000, null]);
    nowMs = 30_999;
    expect(await note(null)).toEqual([1_000, null]);
    expect(await note('gone')).toEqual([30_999, 'gone']);
    nowMs = 31_000;
    expect(await note(null)).toEqual([31_000, null]);
    nowMs = 61_000;
    expect(await note(null)).toEqual([61_000, null]);
    rmSync(folder, { recursive: true });
  });
});
