import type { ComparedVariant } from '../comparison-record.js';
import type { WordsOfComparison } from '../words/comparison-words.js';

export function nameOf(
  name: string,
  kind: ComparedVariant['kind'],
  words: WordsOfComparison,
): string {
  return kind === 'federated' ? name : words.comparison.baseline[kind];
}

/** With its sign, and none before what is 0 to the last digit shown. */
export function signed(value: number): string {
  const digits = Math.abs(value).toFixed(3);
  if (Number(digits) === 0) return digits;
  return `${value < 0 ? '−' : '+'}${digits}`;
}

export const megabytes = (bytes: number) => bytes / 1e6;
