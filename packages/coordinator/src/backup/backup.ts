import { chmod, open, readdir, rename, rm } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import type { Sha256 } from '@fedvox/base';
import { makeFolder, randomId, sha256File, syncFolder } from '@fedvox/base/system';
import { fail } from '../errors.js';
import { openStore } from '../store/open-store.js';
import { BLOBS_FOLDER, STATE_FILE } from '../store/state-files.js';
import { writeBackupNote } from './backup-note.js';
import { namedBlobs } from './named-blobs.js';

export interface BackupOptions {
  readonly federation: string;
  /** New or empty; appears whole or not at all. */
  readonly folder: string;
  /** Writes the database as it stands at one moment to the path given. */
  readonly snapshot: (path: string) => Promise<void>;
  /** Copies a blob below this folder, or sees that it lies safe elsewhere; its length. */
  readonly keepBlob: (digest: Sha256, folder: string) => Promise<number>;
  readonly nowMs: number;
  readonly onProgress?: (done: number, total: number) => void;
}

export interface BackupReport {
  readonly folder: string;
  readonly takenAtMs: number;
  readonly blobs: number;
  readonly bytes: number;
}

/**
 * Copies a coordinator's state as it stands at one moment, while it runs: first the database, then the
 * bytes that its rows name, which were durable before the rows were. Each is hashed as it is copied.
 * `restoreCoordinator` puts it in the state folder's place; what was still arriving is not in it and is
 * sent again by the sites.
 * @throws FedvoxError `coordinator/backup-exists`, `coordinator/backup-incomplete`
 */
export async function backUp(options: BackupOptions): Promise<BackupReport> {
  const { federation, snapshot, keepBlob, nowMs, onProgress } = options;
  const folder = resolve(options.folder);
  await refuseIfOccupied(folder);
  const draft = join(dirname(folder), `.fedvox-backup-${randomId()}`);
  await makeFolder(draft, 0o700);
  try {
    await snapshot(join(draft, STATE_FILE));
    await chmod(join(draft, STATE_FILE), 0o600);
    const digests = await digestsIn(draft);
    let bytes = 0;
    for (const [index, digest] of digests.entries()) {
      bytes += await keepBlob(digest, join(draft, BLOBS_FOLDER));
      onProgress?.(index + 1, digests.length);
    }
    const report = { folder, takenAtMs: nowMs, blobs: digests.length, bytes };
    const takenAt = new Date(nowMs).toISOString();
    const stateSha256 = await sha256File(join(draft, STATE_FILE));
    const about = { federation, takenAt, blobs: digests.length, bytes, stateSha256 };
    await writeBackupNote(draft, about);
    await syncFolder(draft);
    await rename(draft, folder);
    await syncFolder(dirname(folder));
    return report;
  } catch (error) {
    await rm(draft, { recursive: true, force: true });
    throw error;
  }
}

/** Opening it proves that it is whole and of a version that can be read. */
async function digestsIn(folder: string): Promise<readonly Sha256[]> {
  const store = await openStore(folder);
  try {
    return await namedBlobs(store);
  } finally {
    await store.close();
    const file = await open(join(folder, STATE_FILE), 'r');
    await file.sync().finally(() => file.close());
  }
}

async function refuseIfOccupied(folder: string): Promise<void> {
  const entries = await readdir(folder).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return [];
    throw error;
  });
  if (entries.length > 0) throw fail('backup-exists', { folder });
}
