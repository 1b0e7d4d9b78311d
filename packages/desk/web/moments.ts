import { spanText } from '@fedvox/report/parts';
import { computed } from '@preact/signals';
import { language, words } from './chosen-language.js';

/** By which the reader's numbers and days are written. */
export const locale = () => (language.value === 'zh' ? 'zh-CN' : 'en-GB');

/** To make one takes longer than to write a hundred moments by it. */
const clock = computed(
  () => new Intl.DateTimeFormat(locale(), { dateStyle: 'medium', timeStyle: 'medium' }),
);
const day = computed(() => new Intl.DateTimeFormat(locale(), { dateStyle: 'medium' }));

/** In the reader's time zone; a table's column of them is of one width. */
export const clockText = (atMs: number): string => clock.value.format(atMs);

export const dayText = (atMs: number): string => day.value.format(atMs);

/** The two largest units, and whole seconds: what counts along should not flicker. */
export function wholeSpanText(durationMs: number): string {
  const seconds = Math.max(0, Math.round(durationMs / 1_000));
  if (seconds < 60) return `${seconds} ${words.value.units.s}`;
  return spanText(seconds * 1_000, words.value);
}
