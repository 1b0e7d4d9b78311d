import { type Chance, type Clock, isFedvoxError } from '@fedvox/base';
import type { CoordinatorConfig } from '../config.js';
import { fail } from '../errors.js';
import { ownClient } from '../own-client.js';
import { foldersOf } from '../store/blob-store.js';
import { type BucketSurroundings, S3Bucket } from '../store/bucket.js';
import { copyStore } from '../store/open-store.js';
import { type BackupOptions, type BackupReport, backUp } from './backup.js';
import { copyBlob } from './copy-blob.js';

export interface CoordinatorBackupOptions {
  readonly config: CoordinatorConfig;
  readonly folder: string;
  readonly clock: Clock;
  readonly chance: Chance;
  /** `host:port` of the running coordinator; by its configuration where absent. */
  readonly address?: string;
  readonly onProgress?: (done: number, total: number) => void;
}

/**
 * Backs up the coordinator of a configuration, on its own host. One that runs is asked for a snapshot, with
 * the key that it serves by, since it holds its database, and what retention would remove meanwhile; of one that does not, the database is
 * read.
 * @throws FedvoxError as `backUp` does, `coordinator/coordinator-unreachable`, `base/…`
 */
export async function backUpCoordinator(options: CoordinatorBackupOptions): Promise<BackupReport> {
  const { config, address, clock, chance, ...rest } = options;
  const { federation } = config;
  const running = (path: string) => snapshotOfRunning(config, path, address);
  const stopped = (path: string) => copyStore(config, path);
  const snapshot =
    config.store === undefined
      ? unless('coordinator/state-in-use', stopped, running)
      : unless('coordinator/coordinator-unreachable', running, stopped);
  const keepBlob = await blobKeeper(config, { clock, jitter: chance.uniform });
  return backUp({ ...rest, federation, snapshot, keepBlob, nowMs: clock.nowMs() });
}

/** Bytes in a bucket stay there: what guards them is the bucket's own. */
async function blobKeeper(
  { stateDir, blobs = foldersOf(stateDir).blobs }: CoordinatorConfig,
  surroundings: BucketSurroundings,
): Promise<BackupOptions['keepBlob']> {
  if (typeof blobs === 'string') return (digest, folder) => copyBlob(blobs, folder, digest);
  const bucket = await S3Bucket.open(blobs, surroundings);
  return async (digest) => {
    const found = await bucket.find(digest);
    if (found !== undefined) return found.byteLength;
    const path = `${digest} of bucket ${bucket.name}`;
    throw fail('backup-incomplete', { path, reason: 'it is not there' });
  };
}

type Snapshot = (path: string) => Promise<void>;

/** One of two ways, or the other where the first one fails by this code. */
function unless(code: string, first: Snapshot, second: Snapshot): Snapshot {
  return (path) =>
    first(path).catch((error: unknown) => {
      if (!isFedvoxError(error, code)) throw error;
      return second(path);
    });
}

async function snapshotOfRunning(
  config: CoordinatorConfig,
  path: string,
  address: string | undefined,
): Promise<void> {
  const client = await ownClient(config, address);
  try {
    await client.snapshot(path);
  } finally {
    client.close();
  }
}
