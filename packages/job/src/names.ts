import { NAME_PATTERN } from '@fedvox/base';
import { z } from 'zod';

/** Names of federations, sites and jobs: safe in paths, URIs and certificates. */
export const nameSchema = z
  .string()
  .regex(NAME_PATTERN, 'must be 1–63 lower-case letters, digits or hyphens, e.g. "hospital-north"');

/** Names with `*` for any run of characters: `hospital-*`. */
export const namePatternSchema = z
  .string()
  .regex(/^[a-z0-9*-]{1,63}$/, 'must be a name, with * for any part of it, e.g. "lesion-*"');

/** Whether the whole name is as the pattern says. */
export function matchesName(pattern: string, name: string): boolean {
  const expression = pattern.split('*').join('[a-z0-9-]*');
  return new RegExp(`^${expression}$`).test(name);
}

export const isPattern = (name: string): boolean => name.includes('*');

const positiveInt = z.number().int().positive();

/** One value per axis, in the order x, y, z of RAS+ (right, anterior, superior). */
export const sizeSchema = z.tuple([positiveInt, positiveInt, positiveInt]);
export const spacingMmSchema = z.tuple([
  z.number().positive().max(100),
  z.number().positive().max(100),
  z.number().positive().max(100),
]);

/** A span of time with its unit: `90s`, `15m`, `4h`, `2d`. */
export const durationSchema = z
  .string()
  .regex(/^\d+(\.\d+)?(ms|s|m|h|d)$/, 'must be a number with its unit, e.g. "90s", "15m", "4h"');

const UNIT_MS = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;

/** Milliseconds of a duration that `durationSchema` accepted. */
export function durationMs(text: string): number {
  const unit = text.replace(/^[\d.]+/, '') as keyof typeof UNIT_MS;
  return Math.round(Number.parseFloat(text) * UNIT_MS[unit]);
}

export type Size = z.output<typeof sizeSchema>;
export type SpacingMm = z.output<typeof spacingMmSchema>;
