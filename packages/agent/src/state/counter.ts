import { z } from 'zod';
import { readJsonFile, writeJsonFile } from './json-file.js';

const counterSchema = z.strictObject({ counter: z.number().int().nonnegative() });

/**
 * The number of the next statement: above every earlier one, and on disk before it is signed, so
 * that no two statements of a site ever share one. It follows the clock (milliseconds) where that
 * is ahead, so that a state folder restored from a backup does not fall behind what was accepted.
 */
export async function takeCounter(path: string, nowMs: number): Promise<number> {
  const last = (await readJsonFile(path, counterSchema))?.counter ?? 0;
  const counter = Math.max(last + 1, nowMs);
  await writeJsonFile(path, { counter });
  return counter;
}
