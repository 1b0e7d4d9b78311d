import { join } from 'node:path';
import type { Chance, Clock } from '@fedvox/base';
import { formatAddress, type Logger, programVersion } from '@fedvox/base/system';
import type { CoordinatorConfig } from '../config.js';
import { copyToFile } from './postgres-copy.js';
import { openPostgresStore } from './postgres-store.js';
import { type KeepingOpener, openSqliteStore, snapshotFile } from './sqlite-store.js';
import { INCOMING_FOLDER, STATE_FILE } from './state-files.js';
import type { Store } from './store.js';

export interface StoreSurroundings {
  readonly clock: Clock;
  readonly chance: Chance;
  readonly log: Logger;
  /** Told who leads, while this coordinator stands by. */
  readonly onStandby: (leader: string) => Promise<void>;
  /** The program's version, where it is not its own. */
  readonly program?: string | undefined;
  /** Ends the standing by. */
  readonly signal?: AbortSignal | undefined;
}

/**
 * Opens the store that the configuration names: on a PostgreSQL server once this coordinator leads there,
 * or in its state folder.
 * @throws FedvoxError as `openStore` and `openPostgresStore`
 */
export function openConfiguredStore(
  config: CoordinatorConfig,
  { clock, chance, log, onStandby, signal, program = programVersion() }: StoreSurroundings,
): Promise<Store> {
  const { store: url, stateDir, publicHost, listen, takeoverAfterMs } = config;
  if (url === undefined) return openStore(stateDir, { program, nowMs: clock.nowMs(), log });
  return openPostgresStore({
    url,
    program,
    clock,
    log,
    jitter: chance.uniform,
    holder: formatAddress({ host: publicHost, port: listen.httpPort }),
    takeoverAfterMs,
    stateFile: join(stateDir, STATE_FILE),
    scratch: join(stateDir, INCOMING_FOLDER),
    onStandby,
    signal,
  });
}

/**
 * Opens the store of a coordinator's state folder.
 * @param opener absent for a copy, as `openSqliteStore` has it
 * @throws FedvoxError `coordinator/state-in-use`, `coordinator/state-too-new`,
 *   `coordinator/state-unreadable`
 */
export function openStore(stateDir: string, opener?: KeepingOpener): Promise<Store> {
  return openSqliteStore(join(stateDir, STATE_FILE), join(stateDir, INCOMING_FOLDER), opener);
}

/**
 * Writes the store of a coordinator that does not run to a new file, as a snapshot would.
 * @throws FedvoxError `coordinator/state-in-use` where one has the file
 */
export function copyStore(
  { store, stateDir }: Pick<CoordinatorConfig, 'store' | 'stateDir'>,
  path: string,
): Promise<void> {
  if (store !== undefined) return copyToFile(store, path);
  return snapshotFile(join(stateDir, STATE_FILE), path);
}
