import { existsSync, statSync } from 'node:fs';
import { open, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { errorText } from '@fedvox/base';
import { makeFolder, randomId, systemFailure } from '@fedvox/base/system';
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

/**
 * Sees that a file can be written where it is to be, before any work is done for it: what is there stays.
 * @throws FedvoxError `cli/folder-unwritable`, `cli/output-unwritable`
 */
export async function prepareOutput(path: string): Promise<void> {
  await prepareFolderOf(path);
  const probe = join(dirname(path), `.${randomId()}.tmp`);
  try {
    if (existsSync(path) && statSync(path).isDirectory()) throw new Error('it is a folder');
    await (await open(probe, 'wx')).close();
    await rm(probe);
  } catch (cause) {
    const reason = errorText(systemFailure(cause) ?? cause);
    throw fail('output-unwritable', { path, reason }, { cause });
  }
}
