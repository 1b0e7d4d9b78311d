import type { FedvoxError } from '@fedvox/base';
import { fail } from '../errors.js';

/**
 * Clocks further apart than this: one of them is wrong, and certificates that one side makes look
 * ended, or not begun, to the other.
 */
export const MAX_CLOCK_SKEW_MS = 24 * 3_600_000;

/** The error that names both clocks, or undefined where they agree or the other one is not known. */
export function clockSkew(hereMs: number, thereMs: number | undefined): FedvoxError | undefined {
  if (thereMs === undefined || Math.abs(hereMs - thereMs) <= MAX_CLOCK_SKEW_MS) return undefined;
  return clockWrong(hereMs, thereMs);
}

export function clockWrong(hereMs: number, thereMs: number): FedvoxError {
  const [here, there] = [hereMs, thereMs].map((atMs) => new Date(atMs).toISOString()) as [
    string,
    string,
  ];
  return fail('clock-wrong', { here, there });
}

/** How the two clocks stand to each other, to the second; nothing where the other one is not known. */
export function clockText(hereMs: number, thereMs: number | undefined): string {
  if (thereMs === undefined) return '';
  const aheadSeconds = Math.round((thereMs - hereMs) / 1_000);
  if (aheadSeconds === 0) return ', its clock as here';
  return `, its clock ${Math.abs(aheadSeconds)} s ${aheadSeconds > 0 ? 'ahead' : 'behind'}`;
}
