import { METRIC_NAMES, METRICS } from '@fedvox/job';
import { dataTable, type Html, html, raw } from '../html-markup.js';
import type { JobRecord } from '../job-record.js';
import { toldText } from '../phrases.js';
import type { Words } from '../words/words.js';

/** Every model by its digest, so that a file can be told to be one of them. */
export function modelsSection({ details }: JobRecord, words: Words): Html {
  const { terms } = words;
  const { rounds, best } = details;
  const columns = [
    { title: terms.round, isNumber: true },
    ...METRIC_NAMES.map((name) => ({ title: METRICS[name].title, isNumber: true })),
    { title: terms.digest },
  ];
  const rows = rounds.map((row) => [
    row.round === 0 ? terms.firstModel : String(row.round),
    ...METRIC_NAMES.map((metric) => toldText(row, metric, words)),
    row.modelSha256,
  ]);
  const marked = rounds.findIndex(({ round }) => round === best?.round);
  return html`<h2>${terms.models}</h2>
${raw(dataTable(terms.models, columns, rows, marked))}`;
}
