import type { Lane, Span, SpanChart } from '@fedvox/charts';
import { ANSWER_LOOKS } from './answer-looks.js';
import type { PaceColumns } from './pace-columns.js';
import { paceMap } from './pace-map.js';
import { type AnsweredRound, answerKind } from './round-answers.js';
import type { AnswerKind, Words } from './words/words.js';

/** More rounds than this are shown by their number, and by how long each answer took. */
export const MAX_TIMED_ROUNDS = 50;

const KINDS = Object.keys(ANSWER_LOOKS) as AnswerKind[];
const UNITS = [
  ['s', 1_000],
  ['min', 60_000],
  ['h', 3_600_000],
  ['d', 86_400_000],
] as const;
/** The largest unit of which there are at least so many. */
const LEAST_UNITS = 3;

/**
 * @param untilMs where what is open ends: the last that is known
 * @param columns where the same job is drawn again and again
 */
export function timelineChart(
  rounds: readonly AnsweredRound[],
  untilMs: number,
  words: Words,
  columns?: PaceColumns,
): SpanChart {
  if (rounds.length > MAX_TIMED_ROUNDS) return paceMap(rounds, words, columns);
  const placed = timed(rounds, untilMs, words);
  const sites = [...new Set(rounds.flatMap((round) => [...round.sites]))].sort();
  return {
    title: words.terms.timeline,
    description: words.terms.timelineDescription,
    looks: KINDS.map((kind) => ({ ...ANSWER_LOOKS[kind], name: words.answer[kind] })),
    lanes: sites.map((name) => laneOf(name, rounds, placed.place)),
    xLabel: placed.xLabel,
    xDomain: placed.xDomain,
    marks: placed.marks,
  };
}

type Place = (round: AnsweredRound, site: string) => Pick<Span, 'from' | 'to'>;
interface Placed extends Pick<SpanChart, 'xLabel' | 'xDomain'> {
  readonly marks: readonly number[];
  readonly place: Place;
}

function timed(rounds: readonly AnsweredRound[], untilMs: number, words: Words): Placed {
  const startMs = rounds[0]?.openedAtMs ?? untilMs;
  const totalMs = Math.max(untilMs - startMs, 1);
  const [unit, unitMs] = UNITS.findLast(([, ms]) => totalMs >= ms * LEAST_UNITS) ?? UNITS[0];
  const at = (ms: number) => (ms - startMs) / unitMs;
  return {
    xLabel: words.sinceSubmission(words.units[unit]),
    xDomain: [0, at(startMs + totalMs)],
    marks: rounds.map(({ openedAtMs }) => at(openedAtMs)),
    place: (round, site) => ({
      from: at(round.openedAtMs),
      to: at(round.answers.get(site)?.atMs ?? round.endedAtMs ?? untilMs),
    }),
  };
}

/** Neighbours that say the same are one span. */
function laneOf(name: string, rounds: readonly AnsweredRound[], place: Place): Lane {
  const spans: Span[] = [];
  for (const round of rounds.filter(({ sites }) => sites.has(name))) {
    const next = { ...place(round, name), look: KINDS.indexOf(answerKind(round, name)) };
    const last = spans.at(-1);
    if (last?.look === next.look && last.to === next.from) {
      spans[spans.length - 1] = { ...last, to: next.to };
    } else spans.push(next);
  }
  return { name, spans };
}
