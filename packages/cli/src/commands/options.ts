import { fail } from '../errors.js';

/** Reads a list written with commas. */
export function listOf(text: string): string[] {
  return text
    .split(',')
    .map((item) => item.trim())
    .filter((item) => item !== '');
}

/** Makes the reader of a whole number for one option. @throws FedvoxError `cli/not-a-number` */
export function wholeNumber(option: string, minimum: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (/^\d+$/.test(text) && Number.isSafeInteger(value) && value >= minimum) return value;
    throw fail('not-a-number', { option, minimum, value: text });
  };
}

/** Makes the reader of a length above 0 for one option. @throws FedvoxError `cli/not-a-length` */
export function millimetres(option: string): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (/^\d+(\.\d+)?$/.test(text) && Number.isFinite(value) && value > 0) return value;
    throw fail('not-a-length', { option, value: text });
  };
}

/** Makes the reader of a part between 0 and 1 for one option. @throws FedvoxError `cli/not-a-part` */
export function part(option: string): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (/^\d*\.?\d+$/.test(text) && value > 0 && value < 1) return value;
    throw fail('not-a-part', { option, value: text });
  };
}

/** Collects `--label NAME=CLASS` options. @throws FedvoxError `cli/not-a-label` */
export function labelNames(
  text: string,
  earlier: Readonly<Record<string, string>> = {},
): Readonly<Record<string, string>> {
  const [, name, className] = /^(.+)=([^=]+)$/.exec(text) ?? [];
  if (name === undefined || className === undefined) throw fail('not-a-label', { value: text });
  return { ...earlier, [name]: className };
}
