import { locale, words } from '@fedvox/desk/web';

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
