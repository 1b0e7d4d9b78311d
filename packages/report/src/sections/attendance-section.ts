import type { AttendedRound, ComparisonRecord } from '../comparison-record.js';
import { type Column, dataTable, type Html, html, raw } from '../html-markup.js';
import { namesText, spanText } from '../phrases.js';
import type { WordsOfComparison } from '../words/comparison-words.js';

/** Who was missing from a round, or the last to come; nothing where no variant says so. */
export function attendanceSection(
  { variants, rounds }: ComparisonRecord,
  words: WordsOfComparison,
): Html[] {
  const { comparison: say, terms } = words;
  const told = variants.flatMap(({ name, attendance }) =>
    attendance === undefined ? [] : [{ name, attendance }],
  );
  if (told.length === 0) return [];
  const sites = variants[0]?.bySite.map(({ site }) => site) ?? [];
  const columns: Column[] = [
    { title: terms.round, isNumber: true },
    ...told.map(({ name }) => ({ title: name })),
  ];
  const rows = Array.from({ length: rounds }, (_, index) => [
    String(index + 1),
    ...told.map(({ attendance }) =>
      attendedText(
        attendance.find(({ round }) => round === index + 1),
        sites,
        words,
      ),
    ),
  ]);
  return [
    html`<h2>${say.terms.attendance}</h2>
${raw(dataTable(say.terms.attendance, columns, rows))}
<p class="note">${say.attendanceNote}</p>`,
  ];
}

function attendedText(
  round: AttendedRound | undefined,
  sites: readonly string[],
  words: WordsOfComparison,
): string {
  const { comparison: say, terms } = words;
  if (round === undefined || round.answers.length === 0) return terms.none;
  const last = round.answers.reduce((a, b) => (b.afterMs > a.afterMs ? b : a));
  const came = new Set(round.answers.map(({ site }) => site));
  const missing = sites.filter((site) => !came.has(site));
  const after = say.lastAfter(last.site, spanText(last.afterMs, words));
  if (missing.length === 0) return after;
  return `${say.without(namesText(missing, words))}${words.list}${after}`;
}
