import { type AnsweredRound, answerKind } from './round-answers.js';
import type { AnswerKind } from './words/words.js';

/** What a site's rounds of one column come to, before they are held against its median. */
export interface PaceColumn {
  /** From the round's beginning, of the slowest answer in time; null where there is none. */
  readonly longestMs: number | null;
  /** Those that were no answer in time. */
  readonly others: ReadonlySet<Exclude<AnswerKind, 'answered'>>;
}

/** A site's row: what it did, by column, in their order. */
export interface PaceRow {
  readonly site: string;
  /** Of all its answers; 0 where it has none. */
  readonly medianMs: number;
  readonly columns: ReadonlyMap<number, PaceColumn>;
}

interface OwnRow {
  /** Ascending. */
  readonly timesMs: number[];
  readonly columns: Map<number, PaceColumn>;
}

export interface ColumnSpan {
  /** Number of the first round. */
  readonly first: number;
  readonly perColumn: number;
}

const NO_ROUND: PaceColumn = { longestMs: null, others: new Set() };

/**
 * Rounds by site and column. Of a long job each new round would go through a hundred thousand answers again: what was
 * added up of rounds that have ended is kept, for as long as the next call goes on from the same ones.
 */
export class PaceColumns {
  #span: ColumnSpan = { first: 0, perColumn: 1 };
  #rows = new Map<string, OwnRow>();
  #count = 0;
  #last: AnsweredRound | undefined;

  /** @returns sorted by site */
  after(rounds: readonly AnsweredRound[], span: ColumnSpan): PaceRow[] {
    if (!this.#goesOn(rounds, span)) this.#startAnew(span);
    const isOpen = ({ endedAtMs }: AnsweredRound) => endedAtMs === null;
    const end = rounds.findIndex((round, index) => index >= this.#count && isOpen(round));
    const ended = end < 0 ? rounds.length : end;
    for (const round of rounds.slice(this.#count, ended)) add(this.#rows, round, span);
    this.#count = ended;
    this.#last = rounds[ended - 1];
    return told(this.#withOpen(rounds.slice(ended)));
  }

  #goesOn(rounds: readonly AnsweredRound[], { first, perColumn }: ColumnSpan): boolean {
    const { first: before, perColumn: width } = this.#span;
    return first === before && perColumn === width && rounds[this.#count - 1] === this.#last;
  }

  #startAnew(span: ColumnSpan): void {
    this.#span = span;
    this.#rows = new Map();
    this.#count = 0;
    this.#last = undefined;
  }

  /** What an open round says is still to change: it is added to a copy. */
  #withOpen(open: readonly AnsweredRound[]): ReadonlyMap<string, OwnRow> {
    if (open.length === 0) return this.#rows;
    const copies = new Map(
      [...this.#rows].map(([site, { timesMs, columns }]) => [
        site,
        { timesMs: [...timesMs], columns: new Map(columns) },
      ]),
    );
    for (const round of open) add(copies, round, this.#span);
    return copies;
  }
}

function add(
  rows: Map<string, OwnRow>,
  round: AnsweredRound,
  { first, perColumn }: ColumnSpan,
): void {
  const column = Math.floor((round.round - first) / perColumn);
  for (const site of round.sites) {
    let row = rows.get(site);
    if (row === undefined) {
      row = { timesMs: [], columns: new Map() };
      rows.set(site, row);
    }
    const kind = answerKind(round, site);
    const timeMs = timeOf(round, site);
    if (timeMs !== undefined) insert(row.timesMs, timeMs);
    const { longestMs, others } = row.columns.get(column) ?? NO_ROUND;
    row.columns.set(
      column,
      kind === 'answered'
        ? { longestMs: Math.max(longestMs ?? 0, timeMs ?? 0), others }
        : { longestMs, others: others.has(kind) ? others : new Set([...others, kind]) },
    );
  }
}

/** Into numbers that ascend. */
function insert(ascending: number[], value: number): void {
  let [from, to] = [0, ascending.length];
  while (from < to) {
    const middle = (from + to) >> 1;
    if ((ascending[middle] as number) <= value) from = middle + 1;
    else to = middle;
  }
  ascending.splice(from, 0, value);
}

function told(rows: ReadonlyMap<string, OwnRow>): PaceRow[] {
  return [...rows.keys()].sort().map((site) => {
    const { timesMs, columns } = rows.get(site) as OwnRow;
    return { site, medianMs: medianOf(timesMs), columns };
  });
}

function medianOf(ascending: readonly number[]): number {
  const middle = (ascending.length - 1) / 2;
  const [low, high] = [ascending[Math.floor(middle)], ascending[Math.ceil(middle)]];
  return low === undefined || high === undefined ? 0 : (low + high) / 2;
}

/** From the round's beginning to the site's update, in milliseconds; of a gate and a decline there is none. */
function timeOf({ round, openedAtMs, answers }: AnsweredRound, site: string): number | undefined {
  const answer = answers.get(site);
  if (round === 0 || answer === undefined) return undefined;
  return answer.kind === 'answered' || answer.kind === 'late'
    ? answer.atMs - openedAtMs
    : undefined;
}
