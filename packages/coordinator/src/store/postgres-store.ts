import { access, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { makeFolderDurably, randomId } from '@fedvox/base/system';
import { bringForward } from './bring-forward.js';
import { Leadership, type LeadershipOptions, standBy } from './leadership.js';
import { copyFromFile, copyToFile } from './postgres-copy.js';
import { PostgresDatabase, type PostgresOptions } from './postgres-database.js';
import { storeOver } from './sql-store.js';
import { snapshotOf } from './sqlite-store.js';
import type { Store } from './store.js';

export interface PostgresStoreOptions extends PostgresOptions, LeadershipOptions {
  /** Rows that a database without any begins with, where there is such a file: it is set aside then. */
  readonly stateFile: string;
  /** Where copies lie while they are made. */
  readonly scratch: string;
  /** The program's version. */
  readonly program: string;
  /** Told who leads, while this coordinator does not. */
  readonly onStandby: (leader: string) => Promise<void>;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Opens the coordinator's memory on a PostgreSQL server, once no other coordinator leads there, and brings
 * it to this version’s form.
 * @throws FedvoxError `coordinator/store-…`, `coordinator/state-too-new`; what `signal` was aborted with
 */
export async function openPostgresStore(options: PostgresStoreOptions): Promise<Store> {
  const { url, scratch, onStandby, signal, program, clock, log } = options;
  const database = await PostgresDatabase.open(options);
  try {
    await standBy(database, options, onStandby, signal);
  } catch (error) {
    await database.close();
    throw error;
  }
  const leadership = new Leadership(database, options);
  const close = async () => {
    await leadership.end();
    await database.close();
  };
  try {
    await bringForward(database, undefined, async (pending) => {
      log.warn(
        { ...pending, store: database.name },
        'the store is brought forward; no copy is kept here, `fedvox coordinator backup` makes one',
      );
    });
    await takeUp(database, options);
    // Of what was taken up the file that was set aside is the copy.
    await bringForward(database, { program, nowMs: clock.nowMs() }, async () => undefined);
  } catch (error) {
    await close();
    throw error;
  }
  const snapshot = () => snapshotOf(scratch, (path) => copyToFile(url, path));
  return { ...storeOver(database, snapshot), leading: leadership.signal, close };
}

async function takeUp(database: PostgresDatabase, options: PostgresStoreOptions): Promise<void> {
  const { stateFile, scratch, log } = options;
  const isThere = await access(stateFile).then(
    () => true,
    () => false,
  );
  if (!isThere) return;
  await makeFolderDurably(scratch);
  if (!(await copyFromFile(stateFile, database, join(scratch, `${randomId()}.sqlite`)))) return;
  const aside = `${stateFile}.moved`;
  await rename(stateFile, aside);
  log.info({ store: database.name, aside }, 'the rows of the state file were moved to the server');
}
