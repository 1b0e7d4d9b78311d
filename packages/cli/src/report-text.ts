import type { EgressBytes, Report } from '@fedvox/simulator';
import { FIGURES_HEAD } from './figures-text.js';
import { MOST_SITES_SHOWN, roundsTable } from './rounds-table.js';
import { table } from './table.js';

/** The report of a run as a person reads it: rounds × sites, the best model, what left each site. */
export function reportText({ job, rounds, best, egress }: Report): string {
  return [
    `Job ${job}: validation ${FIGURES_HEAD} of the global model after each round`,
    '',
    roundsTable(rounds, best.round),
    '',
    `* Best model: round ${best.round}`,
    `  ${best.path}`,
    `  sha256 ${best.sha256}`,
    '',
    'What left each hospital, in bytes:',
    '',
    egressTable(egress),
  ].join('\n');
}

function egressTable(egress: EgressBytes): string {
  const sites = Object.keys(egress).sort();
  const kinds = [...new Set(sites.flatMap((site) => Object.keys(egress[site] ?? {})))].sort();
  const rowOf = (name: string, of: readonly string[]) => {
    const bytes = kinds.map((kind) => sum(of.map((site) => egress[site]?.[kind] ?? 0)));
    return [name, ...[...bytes, sum(bytes)].map(groupedDigits)];
  };
  const isFew = sites.length <= MOST_SITES_SHOWN;
  const rows = isFew
    ? sites.map((site) => rowOf(site, [site]))
    : [rowOf(`all ${sites.length}`, sites)];
  return table(['hospital', ...kinds, 'total'], rows);
}

function sum(values: readonly number[]): number {
  return values.reduce((all, each) => all + each, 0);
}

function groupedDigits(value: number): string {
  return String(value).replace(/\B(?=(\d{3})+$)/g, ' ');
}
