import { renewStates, staleStates } from './job-state-tables.js';
import { KNOWN_VERSION, migrateWithin, refuseIfTooNew, schemaVersion } from './migrations.js';
import type { SqlDatabase, SqlSession } from './sql-database.js';

/** What a store is brought from, and to what. */
export interface PendingMigration {
  readonly from: number;
  readonly to: number;
  /** Jobs whose state an earlier version wrote. */
  readonly staleJobs: number;
}

/** Who opens a store, and when. */
export interface StoreOpener {
  /** The program's version. */
  readonly program: string;
  readonly nowMs: number;
}

/**
 * What this version would change of a store before it uses it; null where it is new or in this version's form.
 * @throws FedvoxError `coordinator/state-too-new`
 */
export async function pendingMigration(session: SqlSession): Promise<PendingMigration | null> {
  const from = await schemaVersion(session);
  refuseIfTooNew(from);
  if (from === 0) return null;
  const staleJobs = await staleStates(session);
  return from < KNOWN_VERSION || staleJobs > 0 ? { from, to: KNOWN_VERSION, staleJobs } : null;
}

/**
 * Brings a store to this version's form and writes down who did, all of it in one transaction: a kill leaves the
 * store as it was or as it is to be.
 * @param onPending called before anything is changed, where something is going to be
 * @throws FedvoxError `coordinator/state-too-new`
 */
export async function bringForward(
  database: SqlDatabase,
  opener: StoreOpener | undefined,
  onPending: (pending: PendingMigration) => Promise<void>,
): Promise<void> {
  const pending = await database.read(pendingMigration);
  if (pending !== null) await onPending(pending);
  await database.transaction(async (session) => {
    await migrateWithin(session);
    await renewStates(session);
    if (opener !== undefined) await writeOpener(session, opener);
  });
}

function writeOpener(session: SqlSession, { program, nowMs }: StoreOpener) {
  return session.run(
    `INSERT INTO programs (version, first_opened_at_ms, last_opened_at_ms) VALUES (?, ?, ?)
     ON CONFLICT (version) DO UPDATE SET last_opened_at_ms = excluded.last_opened_at_ms`,
    program,
    nowMs,
    nowMs,
  );
}

/** Which version of the program opened the store last; null where that was before they were written down. */
export async function lastOpener(session: SqlSession): Promise<StoreOpener | null> {
  if ((await schemaVersion(session)) < PROGRAMS_SINCE) return null;
  const row = await session.get<{ version: string; at_ms: number }>(
    'SELECT version, last_opened_at_ms AS at_ms FROM programs ORDER BY last_opened_at_ms DESC, version DESC LIMIT 1',
  );
  return row === undefined ? null : { program: row.version, nowMs: row.at_ms };
}

/** The schema's version that has the table of programs. */
const PROGRAMS_SINCE = 14;
