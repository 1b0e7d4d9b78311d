import type { CoordinatorEvent, JobFact } from '@fedvox/coordinator';
import { dataTable, type Html, html, raw } from '../html-markup.js';
import type { JobRecord } from '../job-record.js';
import { momentText } from '../phrases.js';
import type { Words } from '../words/words.js';

/** Facts that are listed, the first and the last ones; more are for a program to read. */
const MAX_FACTS = 400;
/** One for each site and round, or between two that say it better: they are in the table of rounds. */
const ELSEWHERE: readonly JobFact['kind'][] = [
  'update-accepted',
  'round-closing',
  'round-aggregating',
];

/** What happened, in the order it happened. */
export function factsSection({ events, details }: JobRecord, words: Words): Html {
  const { terms } = words;
  const told = events.filter(({ fact }) => !ELSEWHERE.includes(fact.kind));
  const leftOut = Math.max(0, told.length - MAX_FACTS);
  const shown = told.filter(
    (_, index) => index < MAX_FACTS / 2 || index >= MAX_FACTS / 2 + leftOut,
  );
  const rows = shown.map(({ atMs, fact }) => [momentText(atMs), factText(fact, words)]);
  const note =
    leftOut === 0
      ? words.factsNote
      : `${words.factsNote} ${words.factsLeftOut(leftOut, `fedvox job watch ${details.id} --json`)}`;
  return html`<h2>${terms.facts}</h2>
${raw(dataTable(terms.facts, [{ title: terms.time }, { title: terms.what }], rows))}
<p class="note">${note}</p>`;
}

/** A newer coordinator may tell of what has no words here yet. */
function factText(fact: CoordinatorEvent['fact'], { facts }: Words): string {
  const say = facts[fact.kind] as ((fact: JobFact, moment: typeof utc) => string) | undefined;
  return say === undefined ? fact.kind : say(fact, utc);
}

const utc = (atMs: number) => `${momentText(atMs)} UTC`;
