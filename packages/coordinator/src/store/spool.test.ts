import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sha256 } from '@fedvox/base';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Spool } from './spool.js';

const [first, second] = [sha256('first statement'), sha256('second statement')];

async function append(spool: Spool, site: string, text: string): Promise<void> {
  const file = await spool.openArrived(site, first);
  await file.appendFile(text);
  await file.close();
}

describe('the spool', () => {
  let stateDir: string;
  beforeEach(async () => {
    stateDir = await mkdtemp(join(tmpdir(), 'fedvox-spool-'));
  });
  afterEach(() => rm(stateDir, { recursive: true }));

  it('keeps what has arrived for the next process', async () => {
    const spool = await Spool.open(stateDir);
    expect(await spool.claim('north', first)).toBe(0);
    await append(spool, 'north', 'half ');
    await append(spool, 'north', 'a delta');
    const next = await Spool.open(stateDir);
    expect(await next.claim('north', first)).toBe('half a delta'.length);
  });

  it('holds one upload per site, and leaves the others’ alone', async () => {
    const spool = await Spool.open(stateDir);
    for (const site of ['north', 'south']) {
      await spool.claim(site, first);
      await append(spool, site, 'bytes');
    }
    expect(await spool.claim('north', second)).toBe(0);
    expect(await readdir(join(stateDir, 'spool', 'north'))).toEqual([]);
    expect(await spool.byteLength('south', first)).toBe('bytes'.length);
  });

  it('never makes a path of anything but names', async () => {
    const spool = await Spool.open(stateDir);
    expect(() => spool.path('../north', first)).toThrow('a spool path is of names');
    expect(() => spool.path('north', '../../state.sqlite')).toThrow('a spool path is of names');
  });
});
