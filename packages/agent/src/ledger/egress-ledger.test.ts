import {
  appendFileSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { VirtualClock } from '@fedvox/base';
import { EGRESS_KINDS } from '@fedvox/protocol';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { EgressLedger } from './egress-ledger.js';
import type { LedgerEntry, Subject } from './ledger-entry.js';
import { readLedger, summarise } from './read-ledger.js';
import { segmentPath } from './segments.js';

const NOTHING: Subject = { job: null, round: null, digest: null };
const clock = new VirtualClock({ startMs: Date.UTC(2026, 0, 2, 3, 4, 5, 678) });

let folder: string;
let path: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'fedvox-ledger-'));
  path = join(folder, 'egress.jsonl');
});
afterEach(() => rmSync(folder, { recursive: true }));

async function entries(): Promise<LedgerEntry[]> {
  const read: LedgerEntry[] = [];
  for await (const entry of readLedger(path)) read.push(entry);
  return read;
}

describe('invariant 1: the egress ledger', () => {
  it('itemises kind, bytes, job, round, digest and time', async () => {
    const ledger = EgressLedger.open(path, clock);
    const digest = 'a'.repeat(64);
    ledger.record('delta', 1_048_581, { job: 'lesion-1', round: 2, digest });
    ledger.close();
    expect(await entries()).toEqual([
      {
        n: 1,
        at: '2026-01-02T03:04:05.678Z',
        kind: 'delta',
        bytes: 1_048_581,
        job: 'lesion-1',
        round: 2,
        digest,
      },
    ]);
  });

  it('has the entry on disk before the message may be sent', () => {
    const ledger = EgressLedger.open(path, clock);
    ledger.record('control', 7, NOTHING);
    expect(readFileSync(path, 'utf8')).toContain('"bytes":7');
    ledger.close();
  });

  it('sums bytes by kind, kinds that never left as zero', async () => {
    const ledger = EgressLedger.open(path, clock);
    ledger.record('control', 7, NOTHING);
    ledger.record('gate', 20, NOTHING);
    ledger.record('control', 8, NOTHING);
    ledger.close();
    expect(await summarise(readLedger(path))).toEqual({
      'certificate-request': 0,
      capabilities: 0,
      control: 15,
      gate: 20,
      statement: 0,
      delta: 0,
    });
  });

  it('goes on after a crash at any byte of an entry, without a gap and without losing one', async () => {
    const ledger = EgressLedger.open(path, clock);
    ledger.record('control', 1, NOTHING);
    ledger.record('statement', 2, NOTHING);
    ledger.close();
    const whole = readFileSync(path);
    const firstEnd = whole.indexOf('\n') + 1;
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: firstEnd, max: whole.length - 1 }), async (cut) => {
        writeFileSync(path, whole.subarray(0, cut));
        expect((await entries()).map(({ n }) => n)).toEqual([1]);
        const again = EgressLedger.open(path, clock);
        again.record('delta', 3, NOTHING);
        again.close();
        const read = await entries();
        expect(read.map(({ n, kind }) => [n, kind])).toEqual([
          [1, 'control'],
          [2, 'delta'],
        ]);
      }),
      { numRuns: 50 },
    );
  });

  it('counts on from any length of ledger', async () => {
    const ledger = EgressLedger.open(path, clock);
    for (let count = 0; count < 100; count++) ledger.record('control', count, NOTHING);
    ledger.close();
    const again = EgressLedger.open(path, clock);
    again.record('gate', 1, NOTHING);
    again.close();
    expect((await entries()).at(-1)).toMatchObject({ n: 101, kind: 'gate' });
  });

  it('names the line that somebody altered', async () => {
    const ledger = EgressLedger.open(path, clock);
    for (const kind of EGRESS_KINDS) ledger.record(kind, 5, NOTHING);
    ledger.close();
    const lines = readFileSync(path, 'utf8').split('\n');
    lines.splice(2, 1);
    writeFileSync(path, lines.join('\n'));
    await expect(entries()).rejects.toThrow('line 3');
    appendFileSync(path, 'not json\n');
    await expect(entries()).rejects.toMatchObject({ code: 'agent/ledger-unreadable' });
  });

  it('does not go on after a last line that is none', () => {
    writeFileSync(path, 'not an entry\n');
    expect(() => EgressLedger.open(path, clock)).toThrow('the last line');
  });

  it('says the version of each line, and goes on below lines that say none', async () => {
    const entry = { n: 1, at: '2026-01-02T03:04:05.678Z', kind: 'gate', bytes: 20, ...NOTHING };
    const earlier = `${JSON.stringify(entry)}\n`;
    writeFileSync(path, earlier);
    const ledger = EgressLedger.open(path, clock);
    ledger.record('control', 7, NOTHING);
    ledger.close();
    const text = readFileSync(path, 'utf8');
    expect(text.startsWith(earlier)).toBe(true);
    expect(JSON.parse(text.slice(earlier.length))).toMatchObject({ version: 1, n: 2, bytes: 7 });
    expect((await entries()).map(({ n, kind }) => [n, kind])).toEqual([
      [1, 'gate'],
      [2, 'control'],
    ]);
  });

  it('with a line of a newer version is named so, and neither read over nor written on', async () => {
    const ledger = EgressLedger.open(path, clock);
    ledger.record('control', 7, NOTHING);
    ledger.close();
    appendFileSync(path, '{"version":2,"n":2,"what":"something else"}\n{"vers');
    const before = readFileSync(path);
    const details = expect.objectContaining({ path, version: 2, known: 1 });
    const tooNew = expect.objectContaining({ code: 'agent/ledger-too-new', details });
    await expect(entries()).rejects.toEqual(tooNew);
    expect(() => EgressLedger.open(path, clock)).toThrow(tooNew);
    expect(readFileSync(path)).toEqual(before);
  });

  it('says so when it cannot be written, before anything is sent', () => {
    expect(() => EgressLedger.open(join(folder, 'absent', 'egress.jsonl'), clock)).toThrow(
      'cannot be written',
    );
    const ledger = EgressLedger.open(path, clock);
    ledger.close();
    expect(() => ledger.record('control', 1, NOTHING)).toThrow('cannot be written');
  });

  it('sets full files aside, and reads and sums them all, in whatever sizes', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.integer({ min: 0, max: 9_999 }), { minLength: 1, maxLength: 30 }),
        fc.integer({ min: 100, max: 2_000 }),
        fc.integer({ min: 1, max: 5 }),
        async (sizes, maxFileBytes, perOpening) => {
          rmSync(folder, { recursive: true });
          mkdirSync(folder);
          let ledger = EgressLedger.open(path, clock, maxFileBytes);
          for (const [index, bytes] of sizes.entries()) {
            ledger.record('control', bytes, NOTHING);
            if (index % perOpening !== 0) continue;
            ledger.close();
            ledger = EgressLedger.open(path, clock, maxFileBytes);
          }
          ledger.close();
          const read = await entries();
          expect(read.map(({ n, bytes }) => [n, bytes])).toEqual(
            sizes.map((bytes, index) => [index + 1, bytes]),
          );
          const { control } = await summarise(readLedger(path));
          expect(control).toBe(sizes.reduce((sum, bytes) => sum + bytes, 0));
          for (const name of readdirSync(folder).filter((each) => each.endsWith('.jsonl'))) {
            expect(statSync(join(folder, name)).size).toBeLessThan(maxFileBytes + 300);
          }
        },
      ),
      { numRuns: 30 },
    );
  });

  it('goes on where it was killed between setting a file aside and beginning the next', async () => {
    const ledger = EgressLedger.open(path, clock);
    for (const kind of EGRESS_KINDS) ledger.record(kind, 5, NOTHING);
    ledger.close();
    renameSync(path, segmentPath(path, EGRESS_KINDS.length));
    const again = EgressLedger.open(path, clock);
    again.record('control', 1, NOTHING);
    again.close();
    expect((await entries()).map(({ n }) => n)).toEqual([
      ...EGRESS_KINDS.map((_, index) => index + 1),
      EGRESS_KINDS.length + 1,
    ]);
  });

  it('reads a file once that is set aside while it is read', async () => {
    const ledger = EgressLedger.open(path, clock, 500);
    ledger.record('control', 1, NOTHING);
    const reading = readLedger(path);
    const first = (await reading.next()).value as LedgerEntry;
    for (let count = 0; count < 10; count++) ledger.record('gate', 1, NOTHING);
    ledger.close();
    const numbers = [first.n];
    for await (const { n } of reading) numbers.push(n);
    expect(numbers).toEqual(numbers.map((_, index) => index + 1));
  });

  it('notices a file that was taken away', async () => {
    const ledger = EgressLedger.open(path, clock, 200);
    for (let count = 0; count < 6; count++) ledger.record('gate', 1, NOTHING);
    ledger.close();
    const [first = ''] = readdirSync(folder).filter((name) => name.startsWith('egress-'));
    rmSync(join(folder, first));
    await expect(entries()).rejects.toMatchObject({ code: 'agent/ledger-unreadable' });
  });
});
