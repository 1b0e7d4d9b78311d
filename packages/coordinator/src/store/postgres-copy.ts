import { rm } from 'node:fs/promises';
import { copyRows } from './copy-rows.js';
import { migrate, schemaVersion } from './migrations.js';
import { connectPostgres } from './postgres-connection.js';
import type { SqlDatabase, SqlSession } from './sql-database.js';
import { SqliteDatabase } from './sqlite-database.js';
import { snapshotFile } from './sqlite-store.js';

/**
 * Writes a PostgreSQL store as it stands at one moment to a new SQLite file, whoever writes to it
 * meanwhile.
 * @throws FedvoxError `coordinator/state-too-new`, and as `connectPostgres`
 */
export async function copyToFile(url: string, path: string): Promise<void> {
  const { session, close } = await connectPostgres(url);
  const file = await SqliteDatabase.open(path);
  try {
    await session.run('BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY');
    // Nobody waits for this one, and the file's disk may be slow.
    await session.run('SET LOCAL idle_in_transaction_session_timeout = 0');
    await migrate(file, await schemaVersion(session));
    await file.transaction((into) => copyRows(session, into, into));
  } finally {
    await file.close();
    await close();
  }
}

/**
 * Fills a store that nothing was ever kept in with a state file's rows: a backup's, or those of the time
 * before there was a server. False where there is something in it already.
 * @param scratch a path of its own, for a copy that is brought to this version's schema
 */
export async function copyFromFile(
  path: string,
  database: SqlDatabase,
  scratch: string,
): Promise<boolean> {
  if (!(await database.read(isEmpty))) return false;
  await snapshotFile(path, scratch);
  const file = await SqliteDatabase.open(scratch);
  try {
    await migrate(file);
    await database.transaction((into) =>
      file.read(async (from) => {
        await copyRows(from, into, from);
        await countOn(into);
      }),
    );
    return true;
  } finally {
    await file.close();
    await rm(scratch);
  }
}

/** Every coordinator registers its operators as it starts, before it does anything else. */
async function isEmpty(session: SqlSession): Promise<boolean> {
  for (const table of ['operators', 'certificates', 'invitations', 'jobs']) {
    if ((await session.get(`SELECT 1 AS one FROM ${table} LIMIT 1`)) !== undefined) return false;
  }
  return true;
}

/** The next row gets the number after the last. */
async function countOn(session: SqlSession): Promise<void> {
  const counted = await session.all<{ name: string }>(
    `SELECT table_name AS name FROM information_schema.columns
     WHERE table_schema = current_schema() AND column_name = 'sequence' AND is_identity = 'YES'`,
  );
  for (const { name } of counted) {
    await session.all(
      `SELECT setval(pg_get_serial_sequence('${name}', 'sequence'), MAX(sequence)) FROM ${name}`,
    );
  }
}
