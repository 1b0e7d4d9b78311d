import { dotChart, spreadOf } from '@fedvox/charts';
import { isOfCases, METRICS } from '@fedvox/job';
import type { EvaluatedCase, EvaluationRecord, FigureInterval } from './evaluation-record.js';
import { type Column, dataTable, type Html, html, raw, termList } from './html-markup.js';
import { figureText, percentText } from './phrases.js';
import { reportPage } from './report-page.js';
import { classifiedSections } from './sections/classified-sections.js';
import { lesionSections } from './sections/lesion-sections.js';
import { type Language, WORDS } from './words/languages.js';
import type { Words } from './words/words.js';

/** Cases that a page lists; a program reads the others. */
const MAX_CASES = 200;

/** How a model does, case by case, as one HTML file that needs no other, runs nothing and prints well. */
export function evaluationReport(record: EvaluationRecord, language: Language): string {
  const words = WORDS[language];
  return reportPage(words.code, words.evaluation.title(record.job.name), [
    summary(record, words),
    ...(isOfCases(record.job)
      ? classifiedSections(record, words, MAX_CASES)
      : [
          byClass(record, words),
          ...bySite(record, words),
          ...lesionSections(record, words),
          byCase(record, words),
        ]),
  ]);
}

function summary({ job, modelSha256, split, evaluation }: EvaluationRecord, words: Words): Html {
  const { terms } = words;
  const { evaluation: say } = words;
  const { dice, auc, intervals, perCase } = evaluation;
  const facts: [string, Html][] = [
    [terms.job, html`${job.name}`],
    [say.terms.model, html`<code>${modelSha256 ?? say.severalModels}</code>`],
    [say.terms.cases, html`${String(perCase.length)} (${say.split[split]})`],
    [METRICS.dice.title, html`${figureText(dice, words)} ${knownText(intervals.dice, words)}`],
    [METRICS.auc.title, html`${figureText(auc, words)} ${knownText(intervals.auc ?? null, words)}`],
  ];
  const notes = [...(split === 'all' ? [say.flatters] : []), say.intervalNote, say.localNote];
  return html`${raw(termList(facts))}
<p class="note">${notes.join(' ')}</p>`;
}

function byClass({ evaluation }: EvaluationRecord, words: Words): Html {
  const { evaluation: say } = words;
  const { perClass, perCase, intervals, surfaceToleranceMm } = evaluation;
  const { terms } = say;
  const valuesOf = (index: number) =>
    perCase.map((one) => one.perClass[index]?.dice ?? null).filter((value) => value !== null);
  const chart = dotChart({
    title: say.chartTitle,
    description: say.chartDescription(perCase.length),
    xLabel: METRICS.dice.title,
    xDomain: METRICS.dice.range,
    lanes: perClass.map(({ name, dice }, index) => ({
      name,
      values: valuesOf(index),
      ...(dice === null ? {} : { mean: dice }),
      ...(intervals.perClass[index] && { interval: intervals.perClass[index] }),
    })),
    words: { dot: terms.case, mean: terms.mean, interval: terms.interval },
  });
  const columns: Column[] = [
    { title: terms.class },
    ...[terms.cases, terms.mean, terms.interval, terms.median, terms.least].map(numbers),
    ...[say.surfaceDice(surfaceToleranceMm), 'HD95 (mm)', terms.meanVolumeError].map(numbers),
    ...[terms.missed, terms.falsePositives].map(numbers),
  ];
  const rows = perClass.map((one, index) => {
    const { name, dice, hd95Mm, surfaceDice, volumeError, cases, missed, falsePositiveVoxels } =
      one;
    const spread = spreadOf(valuesOf(index));
    return [
      name,
      String(cases),
      figureText(dice, words),
      intervalText(intervals.perClass[index] ?? null),
      figureText(spread?.median ?? null, words),
      figureText(spread?.min ?? null, words),
      figureText(surfaceDice, words),
      oneDecimal(hd95Mm, words),
      percentText(volumeError, words),
      String(missed?.cases ?? 0),
      String(falsePositiveVoxels),
    ];
  });
  return html`<h2>${terms.byClass}</h2>
<figure>${raw(chart)}</figure>
${raw(dataTable(terms.byClass, columns, rows))}`;
}

function bySite({ evaluation }: EvaluationRecord, words: Words): Html[] {
  const { perSite = [] } = evaluation;
  const [first] = perSite;
  if (first === undefined) return [];
  const { terms } = words.evaluation;
  const names = first.perClass.map(({ name }) => name);
  const columns = [
    { title: words.terms.site },
    ...[terms.cases, METRICS.dice.title, ...names].map(numbers),
  ];
  const rows = perSite.map(({ site, dice, perClass, validationCases }) => [
    site,
    String(validationCases),
    figureText(dice, words),
    ...perClass.map((one) => figureText(one.dice, words)),
  ]);
  return [
    html`<h2>${terms.bySite}</h2>
${raw(dataTable(terms.bySite, columns, rows))}`,
  ];
}

/** A row for each case and class that is there or was found. */
function byCase({ evaluation }: EvaluationRecord, words: Words): Html {
  const { evaluation: say } = words;
  const { perCase, perClass, surfaceToleranceMm } = evaluation;
  const { terms } = say;
  const hasSites = perCase.some(({ site }) => site !== undefined);
  const shown = worstFirst(perCase).slice(0, MAX_CASES);
  const columns: Column[] = [
    { title: terms.case },
    ...(hasSites ? [{ title: words.terms.site }] : []),
    { title: terms.class },
    ...[METRICS.dice.title, say.surfaceDice(surfaceToleranceMm), 'HD95 (mm)'].map(numbers),
    ...[terms.reference, terms.predicted, terms.volumeError].map(numbers),
  ];
  const rows = shown.flatMap(({ caseId, site = words.terms.none, perClass: found }) =>
    found.flatMap((one, index) => {
      const { dice, surfaceDice, hd95Mm, referenceMl, predictedMl, volumeError } = one;
      if (referenceMl === 0 && predictedMl === 0) return [];
      return [
        [
          caseId,
          ...(hasSites ? [site] : []),
          perClass[index]?.name ?? '',
          figureText(dice, words),
          figureText(surfaceDice, words),
          oneDecimal(hd95Mm, words),
          referenceMl.toFixed(2),
          predictedMl.toFixed(2),
          percentText(volumeError, words),
        ],
      ];
    }),
  );
  return html`<h2>${terms.byCase}</h2>
${raw(dataTable(terms.byCase, columns, rows))}
<p class="note">${say.byCaseNote(shown.length, perCase.length)}</p>`;
}

/** Cases that have none of the classes come last: nothing could be found in them. */
function worstFirst(cases: readonly EvaluatedCase[]): EvaluatedCase[] {
  return [...cases].sort((a, b) => (a.dice ?? 2) - (b.dice ?? 2));
}

function intervalText(interval: FigureInterval | null): string {
  return interval === null ? '' : `${interval.low.toFixed(3)} – ${interval.high.toFixed(3)}`;
}

function knownText(interval: FigureInterval | null, { evaluation }: Words): string {
  return interval === null ? '' : `(${evaluation.terms.interval}: ${intervalText(interval)})`;
}

function oneDecimal(value: number | null, { terms }: Words): string {
  return value === null ? terms.none : value.toFixed(1);
}

const numbers = (title: string): Column => ({ title, isNumber: true });
