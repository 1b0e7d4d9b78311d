import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import type { Sha256 } from '@fedvox/base';
import { makeFolder, syncFolder } from '@fedvox/base/system';
import { fail } from '../errors.js';

/**
 * Copies one blob from store to store, hashed on the way and durable when it resolves; its length.
 * @throws FedvoxError `coordinator/backup-incomplete` where it is missing or not what its name says
 */
export async function copyBlob(from: string, to: string, digest: Sha256): Promise<number> {
  const shelf = digest.slice(0, 2);
  await makeFolder(join(to, shelf), 0o700);
  const path = join(from, shelf, digest);
  const copy = await open(join(to, shelf, digest), 'wx', 0o600);
  const hash = createHash('sha256');
  let byteLength = 0;
  try {
    for await (const chunk of createReadStream(path) as AsyncIterable<Buffer>) {
      hash.update(chunk);
      byteLength += chunk.byteLength;
      await copy.writeFile(chunk);
    }
    await copy.sync();
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code !== 'ENOENT') throw cause;
    throw fail('backup-incomplete', { path, reason: 'it is not there' }, { cause });
  } finally {
    await copy.close();
  }
  const actual = hash.digest('hex');
  if (actual !== digest) {
    throw fail('backup-incomplete', { path, reason: `its bytes have digest ${actual}` });
  }
  await syncFolder(join(to, shelf));
  return byteLength;
}
