import {
  appendFileSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { VirtualClock } from '@fedvox/base';
import { EGRESS_KINDS, type EgressKind } from '@fedvox/protocol';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { EgressLedger } from './egress-ledger.js';
import { segmentsOf } from './segments.js';
import { egressSums, fullEgressSums, keepEgressSums, sumsPath } from './sums-file.js';

/** Two or three entries a file, so that most runs set files aside. */
const FILE_BYTES = 500;

type Happening =
  | {
      readonly kind: 'message';
      readonly of: EgressKind;
      readonly bytes: number;
      readonly job: string;
    }
  | { readonly kind: 'hours'; readonly hours: number }
  | { readonly kind: 'keep' | 'restart' | 'torn' | 'lost-sums' | 'foreign-sums' | 'touched' };

const happening: fc.Arbitrary<Happening> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constant('message' as const),
      of: fc.constantFrom(...EGRESS_KINDS),
      bytes: fc.nat(9_000),
      job: fc.constantFrom('', 'a-1', 'b-2', 'constructor'),
    }),
  },
  fc.record({ kind: fc.constant('hours' as const), hours: fc.nat(40) }),
  fc.record({
    kind: fc.constantFrom('keep', 'restart', 'torn', 'lost-sums', 'foreign-sums', 'touched'),
  }) as fc.Arbitrary<Happening>,
);

/** What was recorded, added up here by hand. */
class Account {
  readonly bytes: Record<string, number> = {};
  readonly messages: Record<string, number> = {};
  count(keys: readonly string[], bytes: number): void {
    for (const key of keys) {
      this.bytes[key] = (this.bytes[key] ?? 0) + bytes;
      this.messages[key] = (this.messages[key] ?? 0) + 1;
    }
  }
}

async function live(happenings: readonly Happening[], path: string): Promise<Account> {
  const clock = new VirtualClock({ startMs: Date.UTC(2026, 1, 27) });
  const account = new Account();
  let ledger = EgressLedger.open(path, clock, FILE_BYTES);
  const restart = (tear: () => void) => {
    ledger.close();
    tear();
    ledger = EgressLedger.open(path, clock, FILE_BYTES);
  };
  const acts: Readonly<Record<string, () => unknown>> = {
    keep: () => keepEgressSums(path),
    restart: () => restart(() => undefined),
    torn: () => restart(() => appendFileSync(path, '{"version":1,"n":9')),
    'lost-sums': () => rmSync(sumsPath(path), { force: true }),
    'foreign-sums': () => writeFileSync(sumsPath(path), '{"version":1,"sums":{}}'),
    // As a restore from a backup leaves it.
    touched: () => {
      for (const { path: aside } of segmentsOf(path)) utimesSync(aside, 1, 1);
    },
  };
  for (const each of happenings) {
    if (each.kind === 'hours') clock.leap(each.hours * 3_600_000);
    else if (each.kind !== 'message') await acts[each.kind]?.();
    else {
      const { of, bytes, job } = each;
      const subject = { job: job === '' ? null : job, round: null, digest: null };
      ledger.record(of, bytes, subject);
      const day = `day ${new Date(clock.nowMs()).toISOString().slice(0, 10)}`;
      account.count([of, `${day} ${of}`, ...(job === '' ? [] : [`job ${job} ${of}`])], bytes);
    }
  }
  ledger.close();
  return account;
}

describe('sums over the egress ledger', () => {
  it('are those of a full read and of what was recorded, however they were kept and lost', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(happening, { maxLength: 40 }), async (happenings) => {
        const folder = mkdtempSync(join(tmpdir(), 'fedvox-sums-'));
        try {
          const path = join(folder, 'egress.jsonl');
          const account = await live(happenings, path);
          const { sums } = await egressSums(path);
          expect(sums).toEqual((await fullEgressSums(path)).sums);
          const told = new Account();
          const tell = (prefix: string, tallies: (typeof sums)['kinds']) => {
            for (const [kind, { messages, bytes }] of Object.entries(tallies)) {
              told.bytes[prefix + kind] = bytes;
              told.messages[prefix + kind] = messages;
            }
          };
          tell('', sums.kinds);
          for (const [day, tallies] of Object.entries(sums.days)) tell(`day ${day} `, tallies);
          for (const [job, tallies] of Object.entries(sums.jobs)) tell(`job ${job} `, tallies);
          expect(told).toEqual(account);
          expect(sums.gapCount).toBe(0);
          expect(await keepEgressSums(path)).toEqual(sums);
          expect((await egressSums(path)).sums).toEqual(sums);
        } finally {
          rmSync(folder, { recursive: true });
        }
      }),
      { numRuns: 60 },
    );
  });

  it('are rebuilt where the ledger is another, and tell where it is broken', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'fedvox-sums-'));
    const path = join(folder, 'egress.jsonl');
    const message = { kind: 'message', of: 'control', bytes: 7, job: '' } as const;
    await live([message, message, { kind: 'keep' }, message, message], path);
    const whole = readFileSync(path, 'utf8');
    const lines = [...segmentsOf(path).map((file) => readFileSync(file.path, 'utf8')), whole].join(
      '',
    );
    for (const { path: aside } of segmentsOf(path)) rmSync(aside);
    const [first, second, third, fourth] = lines.trimEnd().split('\n');
    writeFileSync(path, [first, third, 'no entry', fourth, second, ''].join('\n'));
    const { sums } = await egressSums(path);
    expect(sums.kinds.control).toEqual({ messages: 4, bytes: 28 });
    expect(sums.gaps).toEqual([
      { kind: 'missing', after: 1, next: 3, place: 'egress.jsonl, line 2' },
      { kind: 'damaged', after: 3, next: null, place: 'egress.jsonl, line 3' },
      { kind: 'out-of-order', after: 4, next: 2, place: 'egress.jsonl, line 5' },
    ]);
    rmSync(folder, { recursive: true });
  });

  it('of no ledger are none', async () => {
    const nowhere = join(tmpdir(), 'fedvox-none', 'egress.jsonl');
    expect((await egressSums(nowhere)).sums.through).toBe(0);
    expect((await keepEgressSums(nowhere)).kinds).toEqual({});
  });
});
