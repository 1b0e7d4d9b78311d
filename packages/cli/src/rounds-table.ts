import type { FigureCells, RoundRow } from '@fedvox/simulator';
import { figure } from './figure.js';
import { table } from './table.js';

/** Rounds × sites, Dice and AUC of each model, the best marked. */
export function roundsTable(rounds: readonly RoundRow[], bestRound?: number): string {
  const sites = [...new Set(rounds.flatMap((row) => row.sites.map(({ site }) => site)))].sort();
  const rows = rounds.map((row) => [
    `${row.round}${row.round === bestRound ? ' *' : ''}`,
    ...sites.map((name) => figures(row.sites.find(({ site }) => site === name))),
    figures(row),
  ]);
  return table(['round', ...sites, 'all sites'], rows);
}

function figures(cells: FigureCells | undefined): string {
  return `${figure(cells?.dice)} / ${figure(cells?.auc)}`;
}
