import { link, mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import {
  freeAside,
  isThere,
  type KeptCopy,
  keptCopies,
  putBack,
  removeCopy,
  syncFolder,
  verifyCopy,
} from '@fedvox/base/system';
import { fail } from '../errors.js';
import { schemaVersion } from './migrations.js';
import type { SqlSession } from './sql-database.js';
import { SqliteDatabase } from './sqlite-database.js';
import { openingError } from './sqlite-store.js';
import { STATE_FILE } from './state-files.js';

/** What a coordinator's state folder was brought back to. */
export interface StoreReturn {
  /** The tables' version. */
  readonly version: number;
  readonly takenAtMs: number;
  /** Where the state lies that was gone back from. */
  readonly aside: string;
  /** Accepted since the copy was made, and only there. */
  readonly updatesSince: number;
}

export interface StoreReturnOptions {
  readonly stateDir: string;
  /** Whether to go back although updates were accepted since: their rounds are trained again. */
  readonly discardSince: boolean;
}

/**
 * Puts the newest copy in the place of a coordinator's state, which is set aside. Killed on the way it is done again:
 * until the file is replaced by one rename nothing was changed. Blobs stay; revocations are a file of their own, and stay too.
 * @throws FedvoxError `coordinator/no-way-back`, `coordinator/way-back-loses`, `coordinator/state-in-use`, `base/copy-unusable`
 */
export async function returnStore({
  stateDir,
  discardSince,
}: StoreReturnOptions): Promise<StoreReturn> {
  const [copy] = await keptCopies(stateDir);
  if (copy === undefined) throw fail('no-way-back', { folder: stateDir });
  await verifyCopy(copy);
  const path = join(stateDir, STATE_FILE);
  const updatesSince = await closeDown(path, copy);
  if (updatesSince > 0 && !discardSince) {
    const since = new Date(copy.note.takenAtMs).toISOString();
    throw fail('way-back-loses', { count: updatesSince, since });
  }
  const aside = join(stateDir, await freeAside(stateDir, copy));
  await mkdir(aside, { mode: 0o700 });
  await link(path, join(aside, STATE_FILE));
  await syncFolder(aside);
  await putBack(copy, STATE_FILE, path);
  await removeCopy(copy);
  const { from: version, takenAtMs } = copy.note;
  return { version, takenAtMs, aside, updatesSince };
}

/** Takes the write-ahead log into the file, so that none is left beside another file; counts what came since. */
async function closeDown(path: string, { note }: KeptCopy): Promise<number> {
  const database = await SqliteDatabase.open(path);
  let count: number;
  try {
    await database.read((session) => session.all('PRAGMA locking_mode = EXCLUSIVE'));
    count = await database.transaction((session) => updatesSince(session, note.takenAtMs));
    await database.read((session) => session.all('PRAGMA wal_checkpoint(TRUNCATE)'));
    await database.read((session) => session.all('PRAGMA journal_mode = DELETE'));
  } catch (error) {
    throw openingError(path, error);
  } finally {
    await database.close();
  }
  if (await isThere(`${path}-wal`)) throw fail('state-in-use', { path });
  return count;
}

async function updatesSince(session: SqlSession, takenAtMs: number): Promise<number> {
  if ((await schemaVersion(session)) === 0) return 0;
  const row = await session.get<{ count: number }>(
    'SELECT COUNT(*) AS count FROM updates WHERE accepted_at_ms > ?',
    takenAtMs,
  );
  return row?.count ?? 0;
}
