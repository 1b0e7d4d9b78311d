import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { isFedvoxError } from '@fedvox/base';
import { formatAddress } from '@fedvox/base/system';
import { CoordinatorClient } from '../client/coordinator-client.js';
import type { CoordinatorConfig } from '../config.js';
import { copyStore } from '../store/open-store.js';
import { type BackupReport, backUp } from './backup.js';

export interface CoordinatorBackupOptions {
  readonly config: CoordinatorConfig;
  readonly folder: string;
  readonly nowMs: number;
  /** `host:port` of the running coordinator; by its configuration where absent. */
  readonly address?: string;
  readonly onProgress?: (done: number, total: number) => void;
}

/**
 * Backs up the coordinator of a configuration, on its own host. One that runs holds its database: it is
 * asked for a snapshot; of one that does not, the file is read.
 * @throws FedvoxError as `backUp` does, `coordinator/coordinator-unreachable`, `base/…`
 */
export async function backUpCoordinator(options: CoordinatorBackupOptions): Promise<BackupReport> {
  const { config, address, ...rest } = options;
  const { federation, stateDir } = config;
  const snapshot = async (path: string) => {
    try {
      await copyStore(stateDir, path);
    } catch (error) {
      if (!isFedvoxError(error, 'coordinator/state-in-use')) throw error;
      await snapshotOfRunning(config, path, address);
    }
  };
  return backUp({ ...rest, federation, stateDir, snapshot });
}

async function snapshotOfRunning(
  { federation, consortiumDir, publicHost, listen }: CoordinatorConfig,
  path: string,
  address = formatAddress({ host: publicHost, port: listen.httpPort }),
): Promise<void> {
  const read = (file: string) => readFile(join(consortiumDir, file), 'utf8');
  const client = new CoordinatorClient({
    address,
    federation,
    caPem: await read('ca.pem'),
    certificatePem: await read('operator.pem'),
    keyPem: await read('operator.key'),
  });
  try {
    await client.snapshot(path);
  } finally {
    client.close();
  }
}
