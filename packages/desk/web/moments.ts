import { spanText } from '@fedvox/report/parts';
import { language, words } from './chosen-language.js';

/** By which the reader's numbers and days are written. */
export const locale = () => (language.value === 'zh' ? 'zh-CN' : 'en-GB');

/** In the reader's time zone; a table's column of them is of one width. */
export function clockText(atMs: number): string {
  const style = { dateStyle: 'medium', timeStyle: 'medium' } as const;
  return new Intl.DateTimeFormat(locale(), style).format(atMs);
}

export function dayText(atMs: number): string {
  return new Intl.DateTimeFormat(locale(), { dateStyle: 'medium' }).format(atMs);
}

/** The two largest units, and whole seconds: what counts along should not flicker. */
export function wholeSpanText(durationMs: number): string {
  const seconds = Math.max(0, Math.round(durationMs / 1_000));
  if (seconds < 60) return `${seconds} ${words.value.units.s}`;
  return spanText(seconds * 1_000, words.value);
}
