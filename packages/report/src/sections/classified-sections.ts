import { METRICS } from '@fedvox/job';
import type { EvaluationRecord, ToldCase } from '../evaluation-record.js';
import { type Column, dataTable, type Html, html, raw } from '../html-markup.js';
import { figureText, percentText } from '../phrases.js';
import type { Words } from '../words/words.js';

/** How the classes of cases were told: by class, and by case. */
export function classifiedSections(
  record: EvaluationRecord,
  words: Words,
  maxCases: number,
): Html[] {
  return [...byClass(record, words), ...bySite(record, words), byCase(record, words, maxCases)];
}

/** Nothing where several models told them: their probabilities do not compare. */
function byClass({ evaluation: { caseClasses } }: EvaluationRecord, words: Words): Html[] {
  if (caseClasses === undefined) return [];
  const { terms, sensitivity: sensitivityAt } = words.evaluation;
  const { specificity, perClass, accuracy } = caseClasses;
  const columns: Column[] = [
    { title: terms.class },
    ...[terms.cases, METRICS.auc.title, sensitivityAt(specificity)].map(numbers),
  ];
  const rows = perClass.map(({ name, cases, auc, sensitivity }) => [
    ...[name, String(cases), figureText(auc, words), figureText(sensitivity, words)],
  ]);
  return [
    html`<h2>${terms.byClass}</h2>
${raw(dataTable(terms.byClass, columns, rows))}
<p>${terms.right}: ${percentText(accuracy, words)}</p>`,
  ];
}

/** Of each site the AUC, and the sensitivity to each class. */
function bySite({ evaluation }: EvaluationRecord, words: Words): Html[] {
  const told = (evaluation.perSite ?? []).flatMap(({ told: own, ...one }) =>
    own === undefined ? [] : [{ ...one, ...own }],
  );
  const [first] = told;
  if (first === undefined) return [];
  const { terms, sensitivity: sensitivityAt } = words.evaluation;
  const { specificity, perClass } = first.caseClasses;
  const columns: Column[] = [
    { title: words.terms.site },
    ...[terms.cases, METRICS.auc.title, terms.right].map(numbers),
    ...perClass.map(({ name }) => numbers(`${name}: ${sensitivityAt(specificity)}`)),
  ];
  const rows = told.map(({ site, validationCases, auc, caseClasses }) => [
    ...[site, String(validationCases), figureText(auc, words)],
    percentText(caseClasses.accuracy, words),
    ...caseClasses.perClass.map(({ sensitivity }) => figureText(sensitivity, words)),
  ]);
  return [
    html`<h2>${terms.bySite}</h2>
${raw(dataTable(terms.bySite, columns, rows))}`,
  ];
}

/** Those come first whose class the model thought least probable. */
function byCase({ evaluation }: EvaluationRecord, words: Words, maxCases: number): Html {
  const { terms, byCaseNote } = words.evaluation;
  const told = evaluation.perCase.flatMap(({ classified, ...one }) =>
    classified === undefined ? [] : [{ ...one, classified, own: ofOwnClass(classified) }],
  );
  const shown = told.sort((a, b) => a.own - b.own).slice(0, maxCases);
  const hasSites = shown.some(({ site }) => site !== undefined);
  const columns: Column[] = [
    ...[terms.case, ...(hasSites ? [words.terms.site] : []), terms.class].map(texts),
    ...[terms.predictedClass].map(texts),
    numbers(terms.probability),
  ];
  const rows = shown.map(({ caseId, site = words.terms.none, classified, own }) => [
    ...[caseId, ...(hasSites ? [site] : []), classified.reference, classified.predicted],
    figureText(own, words),
  ]);
  return html`<h2>${terms.byCase}</h2>
${raw(dataTable(terms.byCase, columns, rows))}
<p class="note">${byCaseNote(shown.length, told.length)}</p>`;
}

const ofOwnClass = ({ reference, probabilities }: ToldCase) => probabilities[reference] ?? 0;
const texts = (title: string): Column => ({ title });
const numbers = (title: string): Column => ({ title, isNumber: true });
