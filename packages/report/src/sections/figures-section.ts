import { isSpread, type LineChart, lineChart, spreadsOf } from '@fedvox/charts';
import { type ExplainedFigures, METRICS, type MetricName } from '@fedvox/job';
import { type Column, dataTable, type Html, html, raw } from '../html-markup.js';
import { type JobRecord, reportingSites } from '../job-record.js';
import { figureText, toldText } from '../phrases.js';
import type { Words } from '../words/words.js';

/** One metric of every model: a chart, and its figures as a table. */
export function figuresSection(record: JobRecord, metric: MetricName, words: Words): Html {
  const chart = figuresChart(record, metric, words);
  const { rounds, best } = record.details;
  const marked = rounds.findIndex(({ round }) => round === best?.round);
  const [columns, rows] = isSpread(chart)
    ? spreadRows(chart, record, metric, words)
    : siteRows(chart, record, metric, words);
  const someWithhold = rounds.some(({ sites }) => sites.some((cell) => isWithheld(cell, metric)));
  const note = `${words.terms.none}: ${words.undefinedWhere[metric]} ${someWithhold ? words.withheldNote : ''}`;
  return html`<h2>${chart.title}</h2>
<figure>${raw(lineChart(chart))}</figure>
${raw(dataTable(chart.title, columns, rows, marked))}
<p class="note">${note}</p>`;
}

function figuresChart({ details }: JobRecord, metric: MetricName, words: Words): LineChart {
  const { rounds, best } = details;
  const sites = reportingSites(details);
  const { title, range } = METRICS[metric];
  const bySite = rounds.map(
    (row) => new Map(row.sites.map((cell) => [cell.site, cell[metric]] as const)),
  );
  const { median, quartiles, range: spread, best: bestWord, allSites, round } = words.terms;
  return {
    title: words.figureTitle(title),
    description: words.figureDescription(title, rounds.length, sites.length),
    xLabel: round,
    xs: rounds.map((row) => row.round),
    yDomain: range,
    lines: sites.map((name) => ({ name, values: bySite.map((row) => row.get(name) ?? null) })),
    mean: { name: allSites, values: rounds.map((row) => row[metric]) },
    ...(best && { mark: { x: best.round, label: bestWord } }),
    spreadWords: { median, quartiles, range: spread },
  };
}

type Rows = [Column[], string[][]];

function siteRows(chart: LineChart, record: JobRecord, metric: MetricName, words: Words): Rows {
  const names = chart.lines.map(({ name }) => name);
  const columns = [words.terms.round, ...names, words.terms.allSites].map(numbers);
  const rows = record.details.rounds.map((row) => {
    const cells = new Map(row.sites.map((cell) => [cell.site, cell]));
    const figures = names.map((name) => toldText(cells.get(name), metric, words));
    return [String(row.round), ...figures, toldText(row, metric, words)];
  });
  return [columns, rows];
}

function spreadRows(chart: LineChart, record: JobRecord, metric: MetricName, words: Words): Rows {
  const { terms } = words;
  const parts = ['min', 'lowerQuartile', 'median', 'upperQuartile', 'max'] as const;
  const titles = [terms.least, terms.lowerQuartile, terms.median, terms.upperQuartile, terms.most];
  const columns = [terms.round, ...titles, terms.allSites, terms.reported, terms.withheld].map(
    numbers,
  );
  const spreads = spreadsOf(chart);
  const rows = record.details.rounds.map((row, index) => {
    const spread = spreads[index] ?? null;
    const told = row.sites.filter((cell) => cell[metric] !== null).length;
    const withheld = row.sites.filter((cell) => isWithheld(cell, metric)).length;
    const figures = parts.map((part) => figureText(spread?.[part] ?? null, words));
    return [String(row.round), ...figures, toldText(row, metric, words), `${told}`, `${withheld}`];
  });
  return [columns, rows];
}

const numbers = (title: string): Column => ({ title, isNumber: true });

const isWithheld = ({ missing }: ExplainedFigures, metric: MetricName): boolean =>
  missing?.[metric] === 'withheld';
