import type { Lane, Span, SpanChart, SpanLook } from '@fedvox/charts';
import { ANSWER_LOOKS } from './answer-looks.js';
import { type PaceColumn, PaceColumns, type PaceRow } from './pace-columns.js';
import type { AnsweredRound } from './round-answers.js';
import type { AnswerKind, PaceKind, Words } from './words/words.js';

/** More columns than this would be too narrow to be told apart: several rounds share one then. */
const MAX_COLUMNS = 100;

/** What a cell says, from what needs nobody to what somebody should look at. */
const CELLS = [
  ...['awaited', 'usual', 'slow', 'slower', 'slowest'],
  ...['late', 'declined', 'given-up', 'silent'],
] as const satisfies readonly Cell[];
type Cell = PaceKind | Exclude<AnswerKind, 'answered'>;

/** Taller is slower, for whom colours do not tell it. */
const PACE_LOOKS: Readonly<Record<PaceKind, Omit<SpanLook, 'name'>>> = {
  usual: { shape: 'solid', colour: 5, height: 0.35 },
  slow: { shape: 'solid', colour: 0, height: 0.55 },
  slower: { shape: 'solid', colour: 3, height: 0.8 },
  slowest: { shape: 'solid', colour: 1, height: 1 },
};
/** Times a site's own median, up to which an answer is of the kind. */
const PACES: readonly (readonly [PaceKind, number])[] = [
  ['usual', 1.25],
  ['slow', 2],
  ['slower', 4],
  ['slowest', Number.POSITIVE_INFINITY],
];

/**
 * Many rounds by number, a row for each site: how long each answer took, against the median of the site's own. Of
 * rounds that share a column the one is shown that somebody should look at first.
 * @param columns where the same job is drawn again and again
 */
export function paceMap(
  rounds: readonly AnsweredRound[],
  words: Words,
  columns = new PaceColumns(),
): SpanChart {
  const first = rounds[0]?.round ?? 0;
  const last = rounds.at(-1)?.round ?? 0;
  const perColumn = Math.ceil((last - first + 1) / MAX_COLUMNS);
  return {
    title: words.terms.timeline,
    description: words.paceDescription(perColumn),
    looks: CELLS.map((cell) => lookOf(cell, words)),
    lanes: columns.after(rounds, { first, perColumn }).map((row) => laneOf(row, first, perColumn)),
    xLabel: words.terms.round,
    xDomain: [first - 0.5, last + 0.5],
  };
}

function lookOf(cell: Cell, words: Words): SpanLook {
  return isPace(cell)
    ? { ...PACE_LOOKS[cell], name: words.pace[cell] }
    : { ...ANSWER_LOOKS[cell], name: words.answer[cell] };
}

const isPace = (cell: Cell): cell is PaceKind => cell in PACE_LOOKS;

/** Neighbouring columns that say the same are one span. */
function laneOf({ site, medianMs, columns }: PaceRow, first: number, perColumn: number): Lane {
  const spans: Span[] = [];
  for (const [column, told] of columns) {
    const look = lookAtFirst(told, medianMs);
    const from = first - 0.5 + column * perColumn;
    const before = spans.at(-1);
    if (before?.look === look && before.to === from) {
      spans[spans.length - 1] = { ...before, to: from + perColumn };
    } else spans.push({ from, to: from + perColumn, look });
  }
  return { name: site, spans };
}

/** The cell of a column that somebody should look at first: the longest answer is the slowest of its answers. */
function lookAtFirst({ longestMs, others }: PaceColumn, medianMs: number): number {
  const cells: Cell[] = [...others];
  if (longestMs !== null) {
    const ratio = longestMs / Math.max(medianMs, 1);
    const [pace] = PACES.find(([, most]) => ratio <= most) ?? ['slowest'];
    cells.push(pace);
  }
  return Math.max(...cells.map((cell) => CELLS.indexOf(cell)));
}
