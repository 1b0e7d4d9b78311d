import { readFile } from 'node:fs/promises';
import { errorText } from '@fedvox/base';
import { fail } from './errors.js';

/** A small text file that a person named. @throws FedvoxError `cli/file-unreadable` */
export async function readText(path: string): Promise<string> {
  return readFile(path, 'utf8').catch((cause: unknown) => {
    throw fail('file-unreadable', { path, reason: errorText(cause) }, { cause });
  });
}
