import { type FileHandle, open, unlink } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { randomId, renameDurably } from '@fedvox/base/system';

/**
 * Writes a file durably that appears under `path` only when it is whole; a write that fails leaves nothing
 * behind.
 */
export async function writeWhole<Result>(
  path: string,
  write: (file: FileHandle) => Promise<Result>,
): Promise<Result> {
  const temporary = join(dirname(path), `.${randomId()}.tmp`);
  const file = await open(temporary, 'wx');
  let result: Result;
  try {
    result = await write(file);
    await file.sync();
  } catch (error) {
    await file.close();
    await unlink(temporary);
    throw error;
  }
  await file.close();
  await renameDurably(temporary, path);
  return result;
}
