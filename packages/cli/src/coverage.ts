import { METRIC_NAMES, METRICS, type MetricName } from '@fedvox/job';
import type { RoundRow } from '@fedvox/simulator';

/**
 * How many of the sites the figures of a model are of, and which have none: a mean without the hard
 * site is another figure than the mean of all. Empty where no site is missing, or nothing is shown.
 */
export function coverageText(row: RoundRow, sites: readonly string[]): string {
  const parts = METRIC_NAMES.flatMap((metric): { name: string; text: string }[] => {
    if (row[metric] === null) return [];
    const missing = sites.filter((name) => figureOf(row, name, metric) === null);
    const count = `${sites.length - missing.length} of ${sites.length}`;
    const without = missing.length === 0 ? '' : `, without ${missing.join(', ')}`;
    return [{ name: METRICS[metric].title, text: `${count}${without}` }];
  });
  const texts = new Set(parts.map(({ text }) => text));
  const [only] = texts;
  if (texts.size > 1) return parts.map(({ name, text }) => `${name} ${text}`).join('; ');
  return only?.includes('without') ? only : '';
}

function figureOf(row: RoundRow, name: string, metric: MetricName): number | null {
  return row.sites.find(({ site }) => site === name)?.[metric] ?? null;
}
