import { EGRESS_KINDS, type EgressKind } from '@fedvox/protocol';
import { z } from 'zod';
import type { LedgerEntry } from './ledger-entry.js';

const count = z.number().int().nonnegative();
const tallySchema = z.strictObject({ messages: count, bytes: count });
const talliesSchema = z.partialRecord(z.enum(EGRESS_KINDS), tallySchema);
const gapSchema = z.strictObject({
  /** `missing` numbers, a `damaged` line, or a number that was there before: `out-of-order`. */
  kind: z.enum(['missing', 'damaged', 'out-of-order']),
  /** Number of the last entry before it. */
  after: count,
  /** Number of the entry that stands next; null for a line that is none. */
  next: count.nullable(),
  /** The file, and the line in words. */
  place: z.string(),
});

export const egressSumsSchema = z.strictObject({
  /** Number of the last entry that is added up; 0 where there is none. */
  through: count,
  firstAt: z.iso.datetime().nullable(),
  lastAt: z.iso.datetime().nullable(),
  kinds: talliesSchema,
  /** By day, UTC: `2026-03-31`. */
  days: z.record(z.string(), talliesSchema),
  /** By job; what is about none is in none. */
  jobs: z.record(z.string(), talliesSchema),
  /** Where the ledger is broken, oldest first: at most `MAX_GAPS_TOLD` of `gapCount`. */
  gaps: z.array(gapSchema),
  gapCount: count,
});

/** What left, added up, and where the account of it is broken. */
export type EgressSums = z.output<typeof egressSumsSchema>;
export type EgressTally = z.output<typeof tallySchema>;
export type EgressGap = z.output<typeof gapSchema>;
type Tallies = EgressSums['kinds'];

/** An account that is broken in more places is not read place by place. */
export const MAX_GAPS_TOLD = 100;

const DAY_LETTERS = 'yyyy-mm-dd'.length;

/** Adds entries up one by one, in the order of the ledger. */
export class EgressAdder {
  readonly #sums: EgressSums;

  /** Goes on from what was added up before, which it leaves as it was. */
  constructor(before: EgressSums = NOTHING_LEFT) {
    this.#sums = structuredClone(before);
  }

  add(entry: LedgerEntry, place: string): void {
    const sums = this.#sums;
    const { n, at, kind, bytes, job } = entry;
    if (n !== sums.through + 1) {
      const gap = n > sums.through ? 'missing' : 'out-of-order';
      this.#gap({ kind: gap, after: sums.through, next: n, place });
    }
    sums.through = Math.max(sums.through, n);
    sums.firstAt ??= at;
    sums.lastAt = at;
    addTo(sums.kinds, kind, bytes);
    addTo(talliesIn(sums.days, at.slice(0, DAY_LETTERS)), kind, bytes);
    if (job !== null) addTo(talliesIn(sums.jobs, job), kind, bytes);
  }

  /** A line that is no entry; the numbers of those after it tell whether it stood for one. */
  addDamaged(place: string): void {
    this.#gap({ kind: 'damaged', after: this.#sums.through, next: null, place });
  }

  get sums(): EgressSums {
    return this.#sums;
  }

  #gap(gap: EgressGap): void {
    this.#sums.gapCount += 1;
    if (this.#sums.gaps.length < MAX_GAPS_TOLD) this.#sums.gaps.push(gap);
  }
}

export const NOTHING_LEFT: EgressSums = {
  ...{ through: 0, firstAt: null, lastAt: null },
  ...{ kinds: {}, days: {}, jobs: {}, gaps: [], gapCount: 0 },
};

/** Of all kinds together. */
export function tallyOf(tallies: Tallies): EgressTally {
  return Object.values(tallies).reduce(
    (sum, { messages, bytes }) => ({
      messages: sum.messages + messages,
      bytes: sum.bytes + bytes,
    }),
    { messages: 0, bytes: 0 },
  );
}

/** Bytes of every kind, those of which nothing left too. */
export function bytesByKind({ kinds }: EgressSums): Readonly<Record<EgressKind, number>> {
  const bytes = EGRESS_KINDS.map((kind) => [kind, kinds[kind]?.bytes ?? 0] as const);
  return Object.fromEntries(bytes) as Record<EgressKind, number>;
}

function talliesIn(map: Record<string, Tallies>, key: string): Tallies {
  const tallies = Object.hasOwn(map, key) ? map[key] : undefined;
  if (tallies !== undefined) return tallies;
  const fresh: Tallies = {};
  map[key] = fresh;
  return fresh;
}

function addTo(tallies: Tallies, kind: EgressKind, bytes: number): void {
  const tally = tallies[kind] ?? { messages: 0, bytes: 0 };
  tallies[kind] = { messages: tally.messages + 1, bytes: tally.bytes + bytes };
}
