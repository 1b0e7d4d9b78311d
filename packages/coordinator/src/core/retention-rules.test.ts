import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type JobBytes, type NamedBytes, removable } from './retention-rules.js';

const digest = (letter: string) => letter.repeat(64);
const [a, b, c] = ['a', 'b', 'c'].map(digest) as [string, string, string];
const job = (
  bytes: readonly NamedBytes[],
  kept: readonly string[] = [],
  isDeleted = false,
): JobBytes => ({
  bytes,
  kept,
  isDeleted,
});
const forEver = { deltasMs: null, deltasRounds: null, modelsMs: null };

describe('retention', () => {
  it('removes nothing unless it is told to', () => {
    const jobs = [
      job([
        { kind: 'delta', sha256: a, sinceMs: 0 },
        { kind: 'model', sha256: b, sinceMs: 0 },
      ]),
    ];
    expect(removable(jobs, forEver, Number.MAX_SAFE_INTEGER)).toEqual([]);
  });

  it('lets deltas and models go by their own terms, from the very moment', () => {
    const jobs = [
      job([
        { kind: 'delta', sha256: a, sinceMs: 100 },
        { kind: 'model', sha256: b, sinceMs: 100 },
      ]),
    ];
    const rules = { ...forEver, deltasMs: 50, modelsMs: 80 };
    expect(removable(jobs, rules, 149)).toEqual([]);
    expect(removable(jobs, rules, 150)).toEqual([a]);
    expect(removable(jobs, rules, 180)).toEqual([a, b]);
  });

  it('lets deltas go so many rounds after their own, and no model, however little time has passed', () => {
    const deltas = [a, b, c].map(
      (sha256, index): NamedBytes => ({
        kind: 'delta',
        sha256,
        sinceMs: 0,
        roundsSince: 2 - index,
      }),
    );
    const jobs = [job([...deltas, { kind: 'model', sha256: digest('d'), sinceMs: 0 }])];
    const after = (deltasRounds: number) => removable(jobs, { ...forEver, deltasRounds }, 0);
    expect(after(3)).toEqual([]);
    expect(after(2)).toEqual([a]);
    expect(after(1)).toEqual([a, b]);
  });

  it('leaves what a round may still need, and what is kept for good', () => {
    const jobs = [
      job(
        [
          { kind: 'delta', sha256: a, sinceMs: null },
          { kind: 'model', sha256: b, sinceMs: 0 },
        ],
        [b],
      ),
    ];
    expect(removable(jobs, { deltasMs: 0, deltasRounds: 0, modelsMs: 0 }, 1_000)).toEqual([]);
  });

  it('keeps of a deleted job only what another one needs', () => {
    const deleted = job([{ kind: 'delta', sha256: a, sinceMs: null }], [b, c], true);
    const running = job([{ kind: 'model', sha256: b, sinceMs: 0 }]);
    expect(removable([deleted, running], forEver, 0)).toEqual([a, c]);
  });

  it('never removes what any job that is not deleted keeps or still needs', () => {
    const letter = fc.constantFrom('a', 'b', 'c', 'd').map(digest);
    const bytes = fc.record({
      kind: fc.constantFrom('delta' as const, 'model' as const),
      sha256: letter,
      sinceMs: fc.option(fc.nat(100)),
    });
    const jobs = fc.array(
      fc.record({ isDeleted: fc.boolean(), bytes: fc.array(bytes), kept: fc.array(letter) }),
    );
    fc.assert(
      fc.property(jobs, fc.nat(200), (all, nowMs) => {
        const gone = removable(all, { ...forEver, deltasMs: 10, modelsMs: 20 }, nowMs);
        for (const { isDeleted, bytes: own, kept } of all) {
          if (isDeleted) continue;
          for (const sha256 of kept) expect(gone).not.toContain(sha256);
          for (const { sha256, sinceMs } of own)
            if (sinceMs === null) expect(gone).not.toContain(sha256);
        }
      }),
    );
  });
});
