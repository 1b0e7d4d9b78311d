import { type Lane, type Span, type SpanChart, type SpanLook, spreadOf } from '@fedvox/charts';
import { ANSWER_LOOKS } from './answer-looks.js';
import { type AnsweredRound, answerKind } from './round-answers.js';
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
 */
export function paceMap(rounds: readonly AnsweredRound[], words: Words): SpanChart {
  const first = rounds[0]?.round ?? 0;
  const last = rounds.at(-1)?.round ?? 0;
  const perColumn = Math.ceil((last - first + 1) / MAX_COLUMNS);
  const sites = [...new Set(rounds.flatMap((round) => [...round.sites]))].sort();
  return {
    title: words.terms.timeline,
    description: words.paceDescription(perColumn),
    looks: CELLS.map((cell) => lookOf(cell, words)),
    lanes: sites.map((site) => laneOf(site, rounds, first, perColumn)),
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
function laneOf(
  name: string,
  rounds: readonly AnsweredRound[],
  first: number,
  perColumn: number,
): Lane {
  const called = rounds.filter(({ sites }) => sites.has(name));
  const times = called.flatMap((round) => timeOf(round, name) ?? []);
  const usualMs = spreadOf(times)?.median ?? 0;
  const columns = new Map<number, number>();
  for (const round of called) {
    const column = Math.floor((round.round - first) / perColumn);
    const cell = CELLS.indexOf(cellOf(round, name, usualMs));
    columns.set(column, Math.max(columns.get(column) ?? 0, cell));
  }
  const spans: Span[] = [];
  for (const [column, look] of columns) {
    const from = first - 0.5 + column * perColumn;
    const before = spans.at(-1);
    if (before?.look === look && before.to === from) {
      spans[spans.length - 1] = { ...before, to: from + perColumn };
    } else spans.push({ from, to: from + perColumn, look });
  }
  return { name, spans };
}

function cellOf(round: AnsweredRound, site: string, usualMs: number): Cell {
  const kind = answerKind(round, site);
  if (kind !== 'answered') return kind;
  const ratio = (timeOf(round, site) ?? 0) / Math.max(usualMs, 1);
  const [pace] = PACES.find(([, most]) => ratio <= most) ?? ['slowest'];
  return pace;
}

/** From the round's beginning to the site's update, in milliseconds; of a gate and a decline there is none. */
function timeOf({ round, openedAtMs, answers }: AnsweredRound, site: string): number | undefined {
  const answer = answers.get(site);
  if (round === 0 || answer === undefined) return undefined;
  return answer.kind === 'answered' || answer.kind === 'late'
    ? answer.atMs - openedAtMs
    : undefined;
}
