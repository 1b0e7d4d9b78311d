import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, statfsSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock } from '@fedvox/base/system';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { EgressLedger } from './egress-ledger.js';
import { readLedger } from './read-ledger.js';

const NOTHING = { job: null, round: null, digest: null };
const MANY = 5_000;

/** A disk of our own can be filled without harm; who may mount one may also unshare mounts. */
const mayMount = spawnSync('unshare', ['--mount', 'true']).status === 0;

describe.skipIf(!mayMount)('the egress ledger on a disk that is full', () => {
  let disk: string;
  beforeAll(() => {
    disk = mkdtempSync(join(tmpdir(), 'fedvox-disk-'));
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=512k', 'tmpfs', disk]);
  });
  afterAll(() => {
    execFileSync('umount', [disk]);
    rmSync(disk, { recursive: true });
  });

  it('has room kept for it to go on for hours, and then refuses whole entries, never half ones', async () => {
    const path = join(disk, 'egress.jsonl');
    const ledger = EgressLedger.open(path, systemClock);
    const { bavail, bsize } = statfsSync(disk);
    writeFileSync(join(disk, 'filler'), Buffer.alloc(bavail * bsize));
    let recorded = 0;
    const record = () => {
      for (; recorded < MANY; recorded++) ledger.record('control', 7, NOTHING);
    };
    expect(record).toThrow(expect.objectContaining({ code: 'agent/ledger-unwritable' }));
    expect(recorded).toBeGreaterThan(300);
    expect(readFileSync(path, 'utf8').endsWith('\n')).toBe(true);
    rmSync(join(disk, 'filler'));
    ledger.record('gate', 20, NOTHING);
    ledger.close();
    let last = 0;
    for await (const { n } of readLedger(path)) last = n;
    expect(last).toBe(recorded + 1);
  });
});
