import { cp, readdir, rename, rm } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { type Chance, type Clock, isFedvoxError, type Sha256 } from '@fedvox/base';
import { makeFolder, randomId, sha256File, syncFolder } from '@fedvox/base/system';
import type { CoordinatorConfig } from '../config.js';
import { fail } from '../errors.js';
import { FolderBlobs, foldersOf } from '../store/blob-store.js';
import { S3Bucket } from '../store/bucket.js';
import { openStore } from '../store/open-store.js';
import { RevocationFile, readRevocations } from '../store/revocation-file.js';
import { revocationsPath } from '../store/revocations-path.js';
import { BLOBS_FOLDER, STATE_FILE } from '../store/state-files.js';
import type { Store } from '../store/store.js';
import { BACKUP_FILE, type BackupNote, readBackupNote } from './backup-note.js';
import { copyBlob } from './copy-blob.js';
import { namedBlobs } from './named-blobs.js';
import { entriesFor, revocationsLackedBy } from './revocations-since.js';

export interface RestoreOptions {
  readonly config: CoordinatorConfig;
  /** What `backUp` wrote; it is only read. */
  readonly backup: string;
  /**
   * Sites and operators that were revoked since, where the file that says so is lost: their names, or
   * none at all. Absent where the file is there.
   */
  readonly revokedSince?: readonly string[];
  readonly clock: Clock;
  readonly chance: Chance;
  readonly onProgress?: (done: number, total: number) => void;
}

export interface RestoreReport {
  readonly folder: string;
  readonly takenAt: string;
  readonly blobs: number;
  readonly bytes: number;
  /** Made after the backup, and in force. */
  readonly revocationsSince: number;
}

/**
 * Puts a backup into a state folder that is new or empty, every file verified by its digest. Whoever was
 * revoked since the backup stays revoked: by the file of revocations, or by what the person says of them
 * where that file is lost.
 * @throws FedvoxError `coordinator/state-occupied`, `coordinator/backup-unreadable`,
 *   `coordinator/backup-foreign`, `coordinator/backup-damaged`, `coordinator/revocations-lost`,
 *   `coordinator/no-such-member`
 */
export async function restoreCoordinator(options: RestoreOptions): Promise<RestoreReport> {
  const { config, clock, revokedSince } = options;
  const backup = resolve(options.backup);
  const folder = resolve(config.stateDir);
  const note = await readBackupNote(backup);
  if (note.federation !== config.federation) {
    throw fail('backup-foreign', {
      folder: backup,
      found: note.federation,
      expected: config.federation,
    });
  }
  await refuseIfOccupied(folder);
  const draft = join(dirname(folder), `.fedvox-restore-${randomId()}`);
  await makeFolder(draft, 0o700);
  try {
    await copyDatabase(backup, draft, note);
    const store = await openStore(draft);
    let copied: { blobs: number; bytes: number };
    try {
      copied = await restoreBlobs(store, backup, draft, options);
      await tellOfRevocations(store, config, note, clock.nowMs(), revokedSince);
    } finally {
      await store.close();
    }
    await syncFolder(draft);
    await rename(draft, folder);
    await syncFolder(dirname(folder));
    const entries = (await readRevocations(revocationsPath(config))) ?? [];
    const revocationsSince = entries.filter(({ at }) => at > note.takenAt).length;
    return { folder, takenAt: note.takenAt, ...copied, revocationsSince };
  } catch (error) {
    await rm(draft, { recursive: true, force: true });
    throw error;
  }
}

async function copyDatabase(backup: string, draft: string, { stateSha256 }: BackupNote) {
  const path = join(draft, STATE_FILE);
  await cp(join(backup, STATE_FILE), path);
  if (stateSha256 === undefined) return;
  const actual = await sha256File(path);
  if (actual === stateSha256) return;
  const reason = `its bytes have digest ${actual}`;
  throw fail('backup-damaged', { path: join(backup, STATE_FILE), reason });
}

async function restoreBlobs(
  store: Store,
  backup: string,
  draft: string,
  options: RestoreOptions,
): Promise<{ blobs: number; bytes: number }> {
  const restore = await blobRestorer(join(backup, BLOBS_FOLDER), draft, options);
  const digests = await namedBlobs(store);
  let bytes = 0;
  for (const [index, digest] of digests.entries()) {
    try {
      bytes += await restore(digest);
    } catch (error) {
      if (!isFedvoxError(error, 'coordinator/backup-incomplete')) throw error;
      const { path, reason } = error.details;
      throw fail(
        'backup-damaged',
        { path: String(path), reason: String(reason) },
        { cause: error },
      );
    }
    options.onProgress?.(index + 1, digests.length);
  }
  return { blobs: digests.length, bytes };
}

/** Into the state folder that is made, or where the configuration has them; a bucket has them still. */
async function blobRestorer(
  from: string,
  draft: string,
  { config: { blobs }, clock, chance }: RestoreOptions,
): Promise<(digest: Sha256) => Promise<number>> {
  if (typeof blobs === 'object') {
    const bucket = await S3Bucket.open(blobs, { clock, jitter: chance.uniform });
    return async (digest) => {
      const found = await bucket.find(digest);
      if (found !== undefined) return found.byteLength;
      const path = `${digest} of bucket ${bucket.name}`;
      throw fail('backup-damaged', { path, reason: 'it is not there' });
    };
  }
  const own = foldersOf(draft);
  if (blobs === undefined) return (digest) => copyBlob(from, own.blobs, digest);
  const folder = await FolderBlobs.open({ ...own, blobs });
  return async (digest) => {
    const byteLength = await copyBlob(from, own.incoming, digest);
    await folder.adopt(join(own.incoming, digest.slice(0, 2), digest), digest);
    return byteLength;
  };
}

/** The file must know all that the backup knows, or a person must say what happened since. */
async function tellOfRevocations(
  store: Store,
  config: CoordinatorConfig,
  { takenAt }: BackupNote,
  nowMs: number,
  revokedSince: readonly string[] | undefined,
): Promise<void> {
  const path = revocationsPath(config);
  const problem = await revocationsLackedBy(await readRevocations(path), store);
  if (revokedSince === undefined) {
    if (problem === null) return;
    throw fail('revocations-lost', { path, takenAt, reason: problem });
  }
  const entries = await entriesFor(revokedSince, store, nowMs);
  const file = await RevocationFile.open(path);
  try {
    for (const entry of entries) await file.append(entry);
  } finally {
    await file.close();
  }
}

/**
 * What a coordinator asks itself at a start on a folder that is a backup as it was made: put in the place of the state
 * by hand, it is told of revocations no less than by `restoreCoordinator`.
 * @throws FedvoxError `coordinator/revocations-lost`
 */
export async function acceptBackupAsState(config: CoordinatorConfig, store: Store): Promise<void> {
  const note = await readBackupNote(config.stateDir).catch((error: unknown) => {
    // A state that was never a backup says nothing.
    if (isFedvoxError(error, 'coordinator/backup-unreadable')) return null;
    throw error;
  });
  if (note === null) return;
  const path = revocationsPath(config);
  const reason = await revocationsLackedBy(await readRevocations(path), store);
  if (reason !== null) throw fail('revocations-lost', { path, takenAt: note.takenAt, reason });
  await rm(join(config.stateDir, BACKUP_FILE));
  await syncFolder(config.stateDir);
}

async function refuseIfOccupied(folder: string): Promise<void> {
  const entries = await readdir(folder).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return [];
    throw error;
  });
  if (entries.length > 0) throw fail('state-occupied', { folder });
}
