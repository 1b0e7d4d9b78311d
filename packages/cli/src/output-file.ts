import { mkdir } from 'node:fs/promises';
import { dirname } from 'node:path';
import { errorText } from '@fedvox/base';
import { fail } from './errors.js';

/**
 * Makes the folder that a file is to be written to, before any work is done for it.
 * @throws FedvoxError `cli/folder-unwritable`
 */
export async function prepareFolderOf(path: string): Promise<void> {
  await mkdir(dirname(path), { recursive: true }).catch((cause: unknown) => {
    throw fail('folder-unwritable', { path, reason: errorText(cause) }, { cause });
  });
}
