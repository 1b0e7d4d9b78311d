import type { JobDetails } from '@fedvox/coordinator';
import { dataTable, type Html, html, raw } from '../html-markup.js';
import type { JobRecord } from '../job-record.js';
import type { Words } from '../words/words.js';

/** Updates that were left out, flagged or decided about; no section where there is none. */
export function verdictsSection({ details }: JobRecord, words: Words): readonly Html[] {
  const { verdicts } = details;
  if (verdicts.length === 0) return [];
  const { terms } = words;
  const columns = [
    { title: terms.round, isNumber: true },
    { title: terms.site },
    { title: terms.verdict },
    { title: terms.norm, isNumber: true },
    { title: terms.cosine, isNumber: true },
    { title: terms.decidedBy },
  ];
  const rows = verdicts.map((verdict) => [
    String(verdict.round),
    verdict.site,
    verdictText(verdict, words),
    verdict.norm?.toPrecision(3) ?? terms.none,
    verdict.cosine?.toFixed(3) ?? terms.none,
    verdict.by ?? terms.firewall,
  ]);
  return [
    html`<h2>${terms.firewall}</h2>
${raw(dataTable(terms.firewall, columns, rows))}
<p class="note">${words.verdictsNote}</p>`,
  ];
}

function verdictText({ reason, flags, by }: JobDetails['verdicts'][number], words: Words): string {
  const said = [
    ...(reason === null ? [] : [words.quarantine[reason]]),
    ...(reason === null && by !== null ? [words.terms.released] : []),
    ...flags.map((flag) => words.flags[flag]),
  ];
  return said.join('; ');
}
