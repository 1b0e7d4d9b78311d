import { language, words } from '@fedvox/desk/web';
import { spanText } from '@fedvox/report/parts';

/** In the reader's time zone; a table's column of them is of one width. */
export function clockText(atMs: number): string {
  const format = new Intl.DateTimeFormat(language.value === 'zh' ? 'zh-CN' : 'en-GB', {
    dateStyle: 'medium',
    timeStyle: 'medium',
  });
  return format.format(atMs);
}

export function dayText(atMs: number): string {
  const format = new Intl.DateTimeFormat(language.value === 'zh' ? 'zh-CN' : 'en-GB', {
    dateStyle: 'medium',
  });
  return format.format(atMs);
}

/** The two largest units, and whole seconds: what counts along should not flicker. */
export function wholeSpanText(durationMs: number): string {
  const { units } = words.value;
  const seconds = Math.max(0, Math.round(durationMs / 1_000));
  return seconds < 60 ? `${seconds} ${units.s}` : spanText(seconds * 1_000, words.value);
}
