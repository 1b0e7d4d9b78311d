import type { RoundRow } from '@fedvox/simulator';
import { coverageText } from './coverage.js';
import { NOT_YET } from './figure.js';
import { figuresCell } from './figures-text.js';
import { table } from './table.js';

/**
 * Rounds × sites, the figures of each model, the best marked. Where a mean is not of all sites, a
 * column says of how many, and which are missing.
 * Of many sites none has a column of its own.
 * @param expected sites that are to have a column even if they never sent a figure
 */
export function roundsTable(
  rounds: readonly RoundRow[],
  bestRound?: number,
  expected: readonly string[] = [],
): string {
  const seen = rounds.flatMap((row) => row.sites.map(({ site }) => site));
  const sites = [...new Set([...seen, ...expected])].sort();
  const coverage = rounds.map((row) => coverageText(row, sites));
  const isPartial = coverage.some((text) => text !== '');
  const columns = sites.length <= MOST_SITES_SHOWN ? sites : [];
  const rows = rounds.map((row, index) => [
    `${row.round}${row.round === bestRound ? ' *' : ''}`,
    ...columns.map((name) => siteFigures(row, name)),
    meanFigures(row),
    ...(isPartial ? [coverage[index] as string] : []),
  ]);
  const head = ['round', ...columns, 'all sites', ...(isPartial ? ['of sites'] : [])];
  return table(head, rows);
}

/** A line or a table has room for so many, and not for a thousand. */
export const MOST_SITES_SHOWN = 12;

/** Nobody has measured this model yet. */
const isAhead = ({ sites }: RoundRow): boolean => sites.length === 0;

function siteFigures(row: RoundRow, name: string): string {
  return isAhead(row) ? NOT_YET : figuresCell(row.sites.find(({ site }) => site === name));
}

function meanFigures(row: RoundRow): string {
  return isAhead(row) ? NOT_YET : figuresCell(row);
}
