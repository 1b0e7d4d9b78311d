import { spanChart } from '@fedvox/charts';
import { dataTable, type Html, html, raw } from '../html-markup.js';
import type { JobRecord } from '../job-record.js';
import { momentText, namesText, spanText } from '../phrases.js';
import { type AnsweredRound, answerKind, answersOf } from '../round-answers.js';
import { timelineChart } from '../timeline.js';
import type { AnswerKind, Words } from '../words/words.js';

const ABSENT = [
  'late',
  'declined',
  'given-up',
  'silent',
  'awaited',
] as const satisfies AnswerKind[];

/** Who answered when, round by round. */
export function roundsSection({ events, details }: JobRecord, words: Words): Html {
  const { terms, answer } = words;
  const rounds = answersOf(events);
  const untilMs = events.at(-1)?.atMs ?? details.submittedAtMs;
  const absent = ABSENT.filter((kind) => rounds.some((round) => those(round, kind).length > 0));
  const columns = [
    { title: terms.round, isNumber: true },
    { title: terms.opened },
    { title: terms.took, isNumber: true },
    { title: answer.answered, isNumber: true },
    ...absent.map((kind) => ({ title: answer[kind] })),
    { title: terms.closedBecause },
  ];
  const rows = rounds.map((round) => roundRow(round, absent, words));
  return html`<h2>${terms.timeline}</h2>
<figure>${raw(spanChart(timelineChart(rounds, untilMs, words)))}</figure>
${raw(dataTable(terms.timeline, columns, rows))}`;
}

/** @param absent the kinds that have a column: those that any round has */
function roundRow(asked: AnsweredRound, absent: readonly AnswerKind[], words: Words): string[] {
  const { openedAtMs, endedAtMs, sites, cause } = asked;
  const { terms } = words;
  const answered = those(asked, 'answered').length + those(asked, 'late').length;
  return [
    titleOf(asked, words),
    momentText(openedAtMs),
    endedAtMs === null ? terms.none : spanText(endedAtMs - openedAtMs, words),
    `${answered} ${terms.of} ${sites.size}`,
    ...absent.map((kind) => namesText(withReasons(those(asked, kind), asked, words), words)),
    cause === null ? terms.none : words.closing[cause],
  ];
}

function titleOf({ round, work }: AnsweredRound, { terms }: Words): string {
  if (work === 'check-data') return terms.gate;
  return work === 'evaluate' ? terms.lastEvaluation : String(round);
}

function those(asked: AnsweredRound, kind: AnswerKind): string[] {
  return [...asked.sites].filter((site) => answerKind(asked, site) === kind);
}

function withReasons(sites: string[], { answers }: AnsweredRound, { outcome }: Words): string[] {
  return sites.map((site) => {
    const reason = answers.get(site)?.reason;
    return reason === undefined ? site : `${site} (${outcome[reason]})`;
  });
}
