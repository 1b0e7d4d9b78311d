import type { ExplainedFigures, MetricName } from '@fedvox/job';
import type { Words } from './words/words.js';

/** Names that a sentence or a cell has room for. */
const MAX_NAMES = 8;

/** UTC to the second. */
export function momentText(atMs: number): string {
  return new Date(atMs)
    .toISOString()
    .replace('T', ' ')
    .replace(/\.\d+Z$/, '');
}

/** The two largest units: `4 min 10 s`. */
export function spanText(durationMs: number, { units }: Words): string {
  const seconds = Math.round(durationMs / 1_000);
  if (durationMs < 59_500) return `${(durationMs / 1_000).toFixed(1)} ${units.s}`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes} ${units.min} ${seconds % 60} ${units.s}`;
  const hours = Math.floor(minutes / 60);
  if (hours < 48) return `${hours} ${units.h} ${minutes % 60} ${units.min}`;
  return `${Math.floor(hours / 24)} ${units.d} ${hours % 24} ${units.h}`;
}

export function figureText(value: number | null, { terms }: Words): string {
  return value === null ? terms.none : value.toFixed(3);
}

/** A model's or a site's figure, or that it is withheld. */
export function toldText(
  told: ExplainedFigures | undefined,
  metric: MetricName,
  words: Words,
): string {
  const isWithheld = told?.missing?.[metric] === 'withheld';
  return isWithheld ? words.terms.withheld : figureText(told?.[metric] ?? null, words);
}

export function percentText(part: number | null, { terms }: Words): string {
  return part === null ? terms.none : `${(part * 100).toFixed(1)} %`;
}

export function namesText(names: readonly string[], words: Words): string {
  if (names.length === 0) return words.terms.none;
  const shown = names.slice(0, MAX_NAMES);
  const more = names.length - shown.length;
  return [...shown, ...(more > 0 ? [words.more(more)] : [])].join(words.list);
}
