import { isSpread, type LineChart, lineChart, MAX_LINES } from '@fedvox/charts';
import { Chart, DataTable, language, words } from '@fedvox/desk/web';
import { figureText, toldText } from '@fedvox/report/parts';
import { useMemo, useState } from 'preact/hooks';
import type { JobDetails, PageSelf } from '../../src/page-contract.js';
import { say } from '../language.js';
import { readingOf, sitesOf } from '../parts/row-reading.js';
import { SaveButton } from '../parts/save-button.js';
import { SiteChoice } from '../parts/site-choice.js';

interface FiguresProps {
  readonly details: JobDetails;
  readonly metric: PageSelf['metrics'][number];
}

/** One metric of every model, live: curves, and the same figures by round and site. */
export function FiguresSection({ details, metric }: FiguresProps) {
  const { rounds, best, gate } = details;
  const [chosen, choose] = useState<readonly string[]>([]);
  const [isOpen, open] = useState(false);
  const draw = useMemo(
    () => () => lineChart(chartOf(details, metric, chosen)),
    [rounds, best?.round, language.value, metric, chosen],
  );
  const sites = useMemo(() => sitesOfJob(details), [rounds, gate]);
  const isEmpty = rounds.every((row) => readingOf(row, metric.name).isEmpty);
  const isWithheld = rounds.some((row) => readingOf(row, metric.name).isWithheld);
  return (
    <section>
      <h2>{words.value.figureTitle(metric.title)}</h2>
      {isEmpty ? <p class="note">{say('noFigures')}</p> : <Chart draw={draw} />}
      {sites.length > MAX_LINES && !isEmpty && (
        <SiteChoice names={sites} chosen={chosen} choose={choose} />
      )}
      <details onToggle={({ currentTarget }) => open(currentTarget.open)}>
        <summary>{say('byRoundAndSite')}</summary>
        {/* A thousand rows, of which nobody sees one before they are asked for. */}
        {isOpen && <FiguresTable details={details} metric={metric} />}
        {isWithheld && <p class="note">{words.value.withheldNote}</p>}
        <p class="buttons">
          <SaveButton
            label="CSV"
            fileName={`${details.id}-${metric.name}.csv`}
            type="text/csv"
            text={() => csvOf(details, metric)}
          />
          <SaveButton
            label="JSON"
            fileName={`${details.id}.json`}
            type="application/json"
            text={() => JSON.stringify(rounds, null, 2)}
          />
        </p>
      </details>
    </section>
  );
}

function FiguresTable({ details, metric }: FiguresProps) {
  const chart = chartOf(details, metric, []);
  const table = isSpread(chart)
    ? spreadTable(chart, details, metric)
    : siteTable(chart, details, metric);
  return <DataTable name={chart.title} {...table} />;
}

/** Those that passed the gate, and all that ever told a figure. */
function sitesOfJob({ rounds, gate }: JobDetails): string[] {
  const passed = gate.filter(({ outcome }) => outcome === 'pass').map(({ site }) => site);
  return sitesOf(rounds, passed);
}

function chartOf(
  details: JobDetails,
  { name, title, range }: FiguresProps['metric'],
  chosen: readonly string[],
): LineChart {
  const { terms, figureTitle, figureDescription } = words.value;
  const { rounds, best } = details;
  const sites = sitesOfJob(details);
  const areMany = sites.length > MAX_LINES;
  const valuesOf = (site: string) =>
    rounds.map((row) => row.sites.find((cell) => cell.site === site)?.[name] ?? null);
  return {
    title: figureTitle(title),
    description: figureDescription(title, rounds.length, sites.length),
    xLabel: terms.round,
    xs: rounds.map(({ round }) => round),
    yDomain: range,
    lines: sites.map((site) => ({
      name: site,
      values: areMany && !chosen.includes(site) ? [] : valuesOf(site),
    })),
    ...(areMany && { chosen, spreads: rounds.map((row) => readingOf(row, name).spread) }),
    mean: { name: terms.allSites, values: rounds.map((row) => row[name]) },
    ...(best && { mark: { x: best.round, label: terms.best } }),
    spreadWords: { median: terms.median, quartiles: terms.quartiles, range: terms.range },
  };
}

const numbers = (title: string) => ({ title, isNumber: true });

function siteTable(
  { lines }: LineChart,
  { rounds, best }: JobDetails,
  { name }: FiguresProps['metric'],
) {
  const { terms } = words.value;
  const sites = lines.map((line) => line.name);
  return {
    columns: [terms.round, ...sites, terms.allSites].map(numbers),
    rows: rounds.map((row) => {
      const cells = new Map(row.sites.map((cell) => [cell.site, cell]));
      const figures = sites.map((site) => toldText(cells.get(site), name, words.value));
      return {
        key: String(row.round),
        cells: [String(row.round), ...figures, toldText(row, name, words.value)],
        isMarked: row.round === best?.round,
      };
    }),
  };
}

/** Too many sites for a column each: what they are like together. */
function spreadTable(
  chart: LineChart,
  { rounds, best }: JobDetails,
  { name }: FiguresProps['metric'],
) {
  const { terms } = words.value;
  const parts = ['min', 'lowerQuartile', 'median', 'upperQuartile', 'max'] as const;
  const titles = [terms.least, terms.lowerQuartile, terms.median, terms.upperQuartile, terms.most];
  const spreads = chart.spreads ?? [];
  return {
    columns: [terms.round, ...titles, terms.allSites].map(numbers),
    rows: rounds.map((row, index) => {
      const figures = parts.map((part) => figureText(spreads[index]?.[part] ?? null, words.value));
      return {
        key: String(row.round),
        cells: [String(row.round), ...figures, toldText(row, name, words.value)],
        isMarked: row.round === best?.round,
      };
    }),
  };
}

/** One line for each model and site (RFC 4180); what is missing says why. */
function csvOf({ rounds }: JobDetails, { name }: FiguresProps['metric']): string {
  const lines = rounds.flatMap((row) =>
    row.sites.map((cell) =>
      [
        row.round,
        cell.site,
        cell[name] ?? '',
        cell.missing?.[name] ?? '',
        cell.weight ?? '',
      ].join(),
    ),
  );
  return [`round,site,${name},missing,weight`, ...lines, ''].join('\r\n');
}
