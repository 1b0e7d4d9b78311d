import { language, words } from '@fedvox/desk/web';
import { spanText } from '@fedvox/report/parts';

const locale = () => (language.value === 'zh' ? 'zh-CN' : 'en-GB');

/** In the reader's time zone. */
export function clockText(atMs: number): string {
  const style = { dateStyle: 'medium', timeStyle: 'medium' } as const;
  return new Intl.DateTimeFormat(locale(), style).format(atMs);
}

export function dayText(atMs: number): string {
  return new Intl.DateTimeFormat(locale(), { dateStyle: 'medium' }).format(atMs);
}

export function wholeSpanText(durationMs: number): string {
  const seconds = Math.max(0, Math.round(durationMs / 1_000));
  if (seconds < 60) return `${seconds} ${words.value.units.s}`;
  return spanText(seconds * 1_000, words.value);
}

export function countText(count: number): string {
  return new Intl.NumberFormat(locale()).format(count);
}

const UNITS = ['KB', 'MB', 'GB', 'TB'] as const;

/** In powers of 1000. */
export function byteSizeText(bytes: number): string {
  if (bytes < 1_000) return `${bytes} B`;
  let value = bytes / 1_000;
  let unit = 0;
  while (value >= 999.95 && unit < UNITS.length - 1) {
    value /= 1_000;
    unit += 1;
  }
  return `${value.toFixed(1)} ${UNITS[unit]}`;
}

/** Four decimals, as figures are signed. */
export function figureOrNone(value: number | null): string {
  return value === null ? words.value.terms.none : value.toFixed(4);
}
