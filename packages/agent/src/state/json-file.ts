import { readFile } from 'node:fs/promises';
import { canonicalJson, errorText } from '@fedvox/base';
import { writeFileDurably } from '@fedvox/base/system';
import type { z } from 'zod';
import { fail } from '../errors.js';

/**
 * A small file of state, or undefined where there is none.
 * @throws FedvoxError `agent/state-unreadable` where there is one that is not what it should be
 */
export async function readJsonFile<S extends z.ZodType>(
  path: string,
  schema: S,
): Promise<z.output<S> | undefined> {
  try {
    return schema.parse(JSON.parse(await readFile(path, 'utf8')));
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw fail('state-unreadable', { path, reason: errorText(cause) }, { cause });
  }
}

/** Old or new after any crash, never half. */
export async function writeJsonFile(path: string, value: unknown): Promise<void> {
  await writeFileDurably(path, `${canonicalJson(value)}\n`, { mode: 0o600 });
}
