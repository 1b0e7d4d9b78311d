import type { ComparisonRecord, Estimate } from '@fedvox/report';
import { NOT_YET } from './figure.js';
import { table } from './table.js';

/** A comparison as a person reads it on a terminal: its variants with their intervals, and where the rest is. */
export function comparisonText(
  { scenario, seeds, rounds, validationCases, variants }: ComparisonRecord,
  files: readonly string[],
): string {
  const reference = variants[0]?.name ?? '';
  const rows = variants.map(({ name, dice, auc, difference }) => [
    name,
    figure(dice?.mean),
    interval(dice),
    figure(auc),
    difference === undefined ? '' : signed(difference.mean),
    difference?.p == null ? '' : chance(difference.p),
  ]);
  return [
    `Scenario ${scenario}: ${rounds} rounds, ${seeds.length} seeds, ${validationCases} validation cases`,
    '',
    table(['variant', 'Dice', '95 % interval', 'AUC', `less ${reference}`, 'p'], rows),
    '',
    ...files.map((path) => `  ${path}`),
  ].join('\n');
}

const figure = (value: number | null | undefined) => value?.toFixed(3) ?? NOT_YET;

function interval(estimate: Estimate | null): string {
  const { low = null, high = null } = estimate ?? {};
  return low === null || high === null ? NOT_YET : `${low.toFixed(3)} - ${high.toFixed(3)}`;
}

const signed = (value: number) => `${value < 0 ? '-' : '+'}${Math.abs(value).toFixed(3)}`;
const chance = (p: number) => (p < 0.001 ? '< 0.001' : p.toFixed(3));
