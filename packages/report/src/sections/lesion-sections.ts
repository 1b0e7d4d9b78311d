import type { EvaluationRecord } from '../evaluation-record.js';
import { type Column, dataTable, type Html, html, raw } from '../html-markup.js';
import { figureText } from '../phrases.js';
import type { Words } from '../words/words.js';

/** How many lesions of each class are found, at how many false positives; nothing where none were looked at. */
export function lesionSections({ evaluation }: EvaluationRecord, words: Words): Html[] {
  const { lesions } = evaluation;
  if (lesions === undefined) return [];
  const { terms, lesionNote } = words.evaluation;
  const { rule, perClass } = lesions;
  const columns: Column[] = [
    { title: terms.class },
    ...[terms.lesions, terms.found, terms.sensitivity, terms.falseLesions].map(numbers),
    ...(perClass[0]?.froc ?? []).map(({ falsePositives }) => numbers(rateText(falsePositives))),
    numbers(terms.frocMean),
  ];
  const rows = perClass.map((one) => [
    ...[one.name, String(one.lesions), String(one.found), figureText(one.sensitivity, words)],
    one.falsePositives.toFixed(2),
    ...one.froc.map(({ sensitivity }) => figureText(sensitivity, words)),
    figureText(one.frocMean, words),
  ]);
  return [
    html`<h2>${terms.lesions}</h2>
${raw(dataTable(terms.lesions, columns, rows))}
<p class="note">${lesionNote(rule.neighbours, rule.overlap)}</p>`,
  ];
}

function rateText(rate: number | null): string {
  if (rate === null) return '';
  return rate < 1 ? `1/${Math.round(1 / rate)}` : String(rate);
}

const numbers = (title: string): Column => ({ title, isNumber: true });
