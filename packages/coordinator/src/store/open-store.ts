import { join } from 'node:path';
import { openSqliteStore, snapshotFile } from './sqlite-store.js';
import { INCOMING_FOLDER, STATE_FILE } from './state-files.js';
import type { Store } from './store.js';

/**
 * Opens the store of a coordinator's state folder.
 * @throws FedvoxError `coordinator/state-in-use`, `coordinator/state-too-new`,
 *   `coordinator/state-unreadable`
 */
export function openStore(stateDir: string): Promise<Store> {
  return openSqliteStore(join(stateDir, STATE_FILE), join(stateDir, INCOMING_FOLDER));
}

/**
 * Writes the store of a state folder that no coordinator has open to a new file, as a snapshot would.
 * @throws FedvoxError `coordinator/state-in-use` where one has
 */
export function copyStore(stateDir: string, path: string): Promise<void> {
  return snapshotFile(join(stateDir, STATE_FILE), path);
}
