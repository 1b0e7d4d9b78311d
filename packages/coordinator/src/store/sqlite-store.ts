import { access, open, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { errorText } from '@fedvox/base';
import { keepCopy, type Logger, randomId } from '@fedvox/base/system';
import { fail } from '../errors.js';
import { bringForward, type PendingMigration, type StoreOpener } from './bring-forward.js';
import type { SqlSession } from './sql-database.js';
import { storeOver } from './sql-store.js';
import { SqliteDatabase } from './sqlite-database.js';
import { STATE_FILE } from './state-files.js';
import type { Store, StoreSnapshot } from './store.js';

/** How long a starting coordinator waits for one that is just ending. */
const LOCK_WAIT_MS = 3_000;

/**
 * Write-ahead logging with `synchronous=FULL`: a commit is on the disk when it returns. The lock is
 * exclusive, so that two coordinators can never run on one state folder.
 */
const PRAGMAS = [
  `PRAGMA busy_timeout = ${LOCK_WAIT_MS}`,
  'PRAGMA locking_mode = EXCLUSIVE',
  'PRAGMA journal_mode = WAL',
  'PRAGMA synchronous = FULL',
  'PRAGMA foreign_keys = ON',
];

/** Whoever opens a store to go on with it: what it changes of an older one is kept as it was, and told. */
export interface KeepingOpener extends StoreOpener {
  readonly log: Logger;
}

/**
 * Opens the coordinator's memory and brings it to this version's form.
 * @param path a file, or `:memory:`
 * @param scratch where a snapshot lies while it is made
 * @param opener absent for a copy, which is brought forward without another
 * @throws FedvoxError `coordinator/state-in-use`, `coordinator/state-too-new`,
 *   `coordinator/state-unreadable`
 */
export async function openSqliteStore(
  path: string,
  scratch = tmpdir(),
  opener?: KeepingOpener,
): Promise<Store> {
  const database = await SqliteDatabase.open(path).catch((cause: unknown) => {
    throw fail('state-unreadable', { path, reason: errorText(cause) }, { cause });
  });
  try {
    for (const pragma of PRAGMAS) await database.read((session) => session.all(pragma));
    // Of two that start at once, the other stops here, not while a copy is made.
    await database.transaction(async () => undefined);
    await bringForward(database, opener, async (pending) => {
      if (opener !== undefined) await keepBefore(database, path, pending, opener);
    });
    // Takes the exclusive lock even where no migration had anything to write.
    await database.transaction((session) => session.run('DELETE FROM facts WHERE sequence < 0'));
  } catch (error) {
    await database.close();
    throw openingError(path, error);
  }
  const snapshot = () =>
    database.read((session) => snapshotOf(scratch, (copy) => vacuumInto(session, copy)));
  // Nobody else gets the file while it is open here.
  return { ...storeOver(database, snapshot), leading: new AbortController().signal };
}

/**
 * Copies a state file that no coordinator has open.
 * @throws FedvoxError `coordinator/state-in-use` where one has
 */
export async function snapshotFile(path: string, copy: string): Promise<void> {
  await access(path);
  const database = await SqliteDatabase.open(path);
  try {
    await database.read((session) => vacuumInto(session, copy));
  } catch (error) {
    throw openingError(path, error);
  } finally {
    await database.close();
  }
}

/**
 * What `write` puts into a file in `scratch`. Whoever reads it has the file open; its name is not needed
 * any more.
 */
export async function snapshotOf(
  scratch: string,
  write: (path: string) => Promise<void>,
): Promise<StoreSnapshot> {
  const path = join(scratch, `${randomId()}.sqlite`);
  try {
    await write(path);
    const { size: byteLength } = await stat(path);
    const file = await open(path, 'r');
    return { byteLength, bytes: file.createReadStream() };
  } finally {
    await rm(path, { force: true });
  }
}

/** Keeps the state as it stands, whole, in a folder beside it. */
async function keepBefore(
  database: SqliteDatabase,
  path: string,
  { from, to, staleJobs }: PendingMigration,
  { program, nowMs: takenAtMs, log }: KeepingOpener,
): Promise<void> {
  const { folder } = await keepCopy({
    ...{ root: dirname(path), program, from, to, takenAtMs, paths: [STATE_FILE] },
    fill: (draft) => database.read((session) => vacuumInto(session, join(draft, STATE_FILE))),
  });
  log.info({ from, to, staleJobs, copy: folder }, 'the state is brought forward; a copy is kept');
}

/** One transaction: the copy is of one moment, and has no write-ahead log of its own. */
async function vacuumInto(session: SqlSession, path: string): Promise<void> {
  await session.run('VACUUM INTO ?', path);
}

export function openingError(path: string, error: unknown): unknown {
  const code = (error as { code?: unknown }).code;
  if (code === 'SQLITE_BUSY') return fail('state-in-use', { path }, { cause: error });
  if (code === 'SQLITE_NOTADB' || code === 'SQLITE_CORRUPT') {
    return fail('state-unreadable', { path, reason: errorText(error) }, { cause: error });
  }
  return error;
}
