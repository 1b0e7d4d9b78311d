import { dirname } from 'node:path';
import { errorText, makeFolder, systemFailure } from '@fedvox/base';
import { fail } from './errors.js';

/**
 * Makes the folder that a file is to be written to, before any work is done for it.
 * @throws FedvoxError `cli/folder-unwritable`
 */
export async function prepareFolderOf(path: string): Promise<void> {
  await makeFolder(dirname(path)).catch((cause: unknown) => {
    const reason = errorText(systemFailure(cause) ?? cause);
    throw fail('folder-unwritable', { path, reason }, { cause });
  });
}
