import { dotChart, lineChart } from '@fedvox/charts';
import { METRICS } from '@fedvox/job';
import type { ComparedVariant, ComparisonRecord, Estimate } from './comparison-record.js';
import { type Column, dataTable, type Html, html, raw, termList } from './html-markup.js';
import { figureText, namesText, spanText } from './phrases.js';
import { reportPage } from './report-page.js';
import { attendanceSection } from './sections/attendance-section.js';
import { bySiteSection } from './sections/by-site-section.js';
import { bytesSection } from './sections/bytes-section.js';
import { megabytes, nameOf, signed } from './sections/variant-phrases.js';
import { COMPARISON_WORDS } from './words/comparison-languages.js';
import type { WordsOfComparison } from './words/comparison-words.js';
import type { Language } from './words/languages.js';

/** Federations beside each other, as one HTML file that needs no other, runs nothing and prints well. */
export function comparisonReport(record: ComparisonRecord, language: Language): string {
  const words = COMPARISON_WORDS[language];
  return reportPage(words.code, words.comparison.title(record.scenario), [
    summary(record, words),
    variants(record, words),
    curves(record, words),
    ...bytesSection(record, words),
    bySiteSection(record, words),
    ...byClass(record, words),
    ...attendanceSection(record, words),
    runs(record, words),
    repeat(record, words),
  ]);
}

function summary(record: ComparisonRecord, words: WordsOfComparison): Html {
  const { terms } = words.comparison;
  const { description, engine, mode, seeds, rounds, validationCases } = record;
  return html`<p>${description}</p>
${raw(
  termList([
    [terms.mode, html`${words.comparison.mode[mode]}`],
    [terms.engine, html`${engine}`],
    [terms.seeds, html`${seeds.join(words.list)}`],
    [words.terms.rounds, html`${String(rounds)}`],
    [terms.validationCases, html`${String(validationCases)}`],
  ]),
)}`;
}

function variants(
  { variants: all, epochsPerRound }: ComparisonRecord,
  words: WordsOfComparison,
): Html {
  const { comparison: say } = words;
  const { terms } = say;
  const reference = all[0]?.name ?? '';
  const columns: Column[] = [
    { title: terms.variant },
    ...[METRICS.dice.title, terms.interval, METRICS.auc.title].map(numbers),
    ...[terms.difference(reference), terms.interval, 'p', terms.bytes, terms.duration].map(numbers),
  ];
  const rows = all.map(({ name, kind, dice, auc, difference, bytes, durationMs }) => [
    nameOf(name, kind, words),
    figureText(dice?.mean ?? null, words),
    intervalText(dice, words),
    figureText(auc, words),
    difference === undefined ? '' : signed(difference.mean),
    difference === undefined ? '' : intervalText(difference, words),
    difference?.p == null ? '' : chanceText(difference.p),
    bytes === null ? '' : `${megabytes(bytes).toFixed(1)} MB`,
    durationMs === null ? '' : spanText(durationMs, words),
  ]);
  const chart = dotChart({
    title: say.chartTitle,
    description: say.chartDescription(all.length),
    xLabel: METRICS.dice.title,
    xDomain: domainOf(all),
    lanes: all.map(({ name, kind, dice, runs: own }) => ({
      name: nameOf(name, kind, words),
      values: own.flatMap((run) => (run.dice === null ? [] : [run.dice])),
      ...(dice === null ? {} : { mean: dice.mean }),
      ...(dice?.low != null && dice.high != null
        ? { interval: { low: dice.low, high: dice.high } }
        : {}),
    })),
    words: { dot: terms.seed, mean: terms.mean, interval: terms.interval },
  });
  return html`<h2>${terms.variants}</h2>
<figure>${raw(chart)}</figure>
${raw(dataTable(terms.variants, columns, rows))}
<p class="note">${say.statisticsNote} ${say.baselineNote(epochsPerRound)}</p>`;
}

function curves({ variants: all, rounds }: ComparisonRecord, words: WordsOfComparison): Html {
  const { terms, comparison: say } = words;
  const drawn = all.filter(({ curve }) => curve.length > 0);
  const xs = Array.from({ length: rounds }, (_, index) => index + 1);
  const chart = lineChart({
    title: say.curveTitle,
    description: say.curveDescription(drawn.length),
    xLabel: terms.round,
    xs,
    lines: drawn.map(({ name, kind, curve }) => ({
      name: nameOf(name, kind, words),
      values: xs.map((_, index) => curve[index] ?? null),
    })),
    spreadWords: { median: terms.median, quartiles: terms.quartiles, range: terms.range },
  });
  return html`<h2>${say.curveTitle}</h2>
<figure>${raw(chart)}</figure>`;
}

function byClass({ variants: all }: ComparisonRecord, words: WordsOfComparison): Html[] {
  const classes = all[0]?.byClass.map(({ name }) => name) ?? [];
  if (classes.length < 2) return [];
  const { comparison: say } = words;
  const columns = [{ title: say.terms.variant }, ...classes.map(numbers)];
  const rows = all.map(({ name, kind, byClass: figures }) => [
    nameOf(name, kind, words),
    ...figures.map(({ dice }) => figureText(dice?.mean ?? null, words)),
  ]);
  return [
    html`<h2>${say.terms.byClass}</h2>
${raw(dataTable(say.terms.byClass, columns, rows))}`,
  ];
}

function runs({ variants: all }: ComparisonRecord, words: WordsOfComparison): Html {
  const { terms, comparison: say } = words;
  const columns: Column[] = [
    { title: say.terms.variant },
    ...[say.terms.seed, METRICS.dice.title, METRICS.auc.title, terms.round].map(numbers),
    { title: terms.digest },
  ];
  const rows = all.flatMap(({ name, kind, runs: own }) =>
    own.map(({ seed, dice, auc, round, sha256 }) => [
      nameOf(name, kind, words),
      String(seed),
      figureText(dice, words),
      figureText(auc, words),
      round === null ? '' : String(round),
      sha256 ?? '',
    ]),
  );
  return html`<h2>${say.terms.runs}</h2>
${raw(dataTable(say.terms.runs, columns, rows))}`;
}

function repeat({ command, seeds }: ComparisonRecord, words: WordsOfComparison): Html {
  return html`<h2>${words.comparison.terms.repeat}</h2>
<p><code>${command}</code></p>
<p class="note">${words.comparison.repeatNote(namesText(seeds.map(String), words))}</p>`;
}

function domainOf(all: readonly ComparedVariant[]): readonly [number, number] {
  const ends = all.flatMap(({ dice, runs: own }) => [
    ...(dice === null ? [] : [dice.mean, dice.low ?? dice.mean, dice.high ?? dice.mean]),
    ...own.flatMap((run) => (run.dice === null ? [] : [run.dice])),
  ]);
  return ends.length === 0 ? METRICS.dice.range : [Math.min(...ends), Math.max(...ends)];
}

function intervalText(estimate: Estimate | null, { terms }: WordsOfComparison): string {
  const { low = null, high = null } = estimate ?? {};
  return low === null || high === null ? terms.none : `${plain(low)} – ${plain(high)}`;
}

/** With a true minus sign. */
const plain = (value: number) => value.toFixed(3).replace('-', '−');

const chanceText = (p: number) => (p < 0.001 ? '< 0.001' : p.toFixed(3));
const numbers = (title: string): Column => ({ title, isNumber: true });
