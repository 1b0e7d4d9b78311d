import { join } from 'node:path';
import {
  type CopyOutlook,
  type FormatOutlook,
  fateOf,
  outlookOf,
  type UpgradeOutlook,
  worstFate,
} from '@fedvox/base';
import { isThere, keptCopies } from '@fedvox/base/system';
import { headVersions } from '../core/stored-state.js';
import { fail } from '../errors.js';
import { lastOpener } from './bring-forward.js';
import { KNOWN_VERSION, schemaVersion } from './migrations.js';
import { connectPostgres, storeName } from './postgres-connection.js';
import type { SqlSession } from './sql-database.js';
import { READ_ONLY, SqliteDatabase } from './sqlite-database.js';
import { openingError } from './sqlite-store.js';
import { STATE_FILE } from './state-files.js';

/**
 * What this version would make of a coordinator's state folder, or of a backup, which is one. Nothing is changed.
 * @throws FedvoxError `coordinator/no-state-here`, `coordinator/state-in-use`, `coordinator/state-unreadable`
 */
export async function folderOutlook(stateDir: string): Promise<UpgradeOutlook> {
  const path = join(stateDir, STATE_FILE);
  if (!(await isThere(path))) throw fail('no-state-here', { folder: stateDir });
  const database = await SqliteDatabase.open(path, READ_ONLY);
  try {
    const found = await database.read(lookAtStore);
    const copies: CopyOutlook[] = (await keptCopies(stateDir)).map(({ folder, note }) => {
      const { program, from, to, takenAtMs } = note;
      return { folder, program, from, to, takenAtMs };
    });
    return outlookOf({ kind: 'coordinator', place: stateDir, copies, ...found }, 'copy');
  } catch (error) {
    throw openingError(path, error);
  } finally {
    await database.close();
  }
}

/**
 * The same of a store on a PostgreSQL server, whoever leads there meanwhile.
 * @throws FedvoxError as `connectPostgres`
 */
export async function serverOutlook(url: string): Promise<UpgradeOutlook> {
  const { session, close } = await connectPostgres(url);
  const place = storeName(url);
  try {
    const table = await session.get<{ name: string | null }>(
      "SELECT to_regclass('leadership') AS name",
    );
    if (!table?.name) throw fail('no-state-here', { folder: place });
    const found = await lookAtStore(session);
    return outlookOf({ kind: 'coordinator', place, copies: [], ...found }, 'backup');
  } finally {
    await close();
  }
}

async function lookAtStore(
  session: SqlSession,
): Promise<{ formats: readonly FormatOutlook[]; lastProgram: string | null }> {
  const version = await schemaVersion(session);
  const tables: FormatOutlook = {
    what: 'tables',
    lies: `version ${version}`,
    known: KNOWN_VERSION,
    fate: fateOf(version, KNOWN_VERSION),
  };
  // A newer version's tables may be others: nothing is asked of them.
  if (version > KNOWN_VERSION || version === 0) return { formats: [tables], lastProgram: null };
  const lastProgram = (await lastOpener(session))?.program ?? null;
  const updates = await session.get<{ count: number }>('SELECT COUNT(*) AS count FROM updates');
  const signed: FormatOutlook = {
    what: 'signed updates and receipts',
    lies: `${updates?.count ?? 0}`,
    known: null,
    fate: 'stays',
  };
  return { formats: [tables, await lookAtJobs(session), signed], lastProgram };
}

async function lookAtJobs(session: SqlSession): Promise<FormatOutlook> {
  const rows = await session.all<{ state: string }>('SELECT state FROM jobs');
  const versions = rows.map(({ state }) => headVersions(state));
  const { known } = headVersions('{}');
  const counts = new Map<string, number>();
  for (const { version } of versions) {
    const name = version === null ? 'unreadable' : `of version ${version}`;
    counts.set(name, (counts.get(name) ?? 0) + 1);
  }
  const lies = [...counts].sort().map(([name, count]) => `${count} ${name}`);
  const fate = worstFate(versions.map(({ version }) => fateOf(version, known)));
  return { what: 'jobs’ states', lies: lies.join(', ') || 'none', known, fate };
}
