import { access } from 'node:fs/promises';
import { join } from 'node:path';
import { KNOWN_VERSION, schemaVersion } from './migrations.js';
import { READ_ONLY, SqliteDatabase } from './sqlite-database.js';
import { openingError } from './sqlite-store.js';
import { STATE_FILE } from './state-files.js';

/** What a state folder's store says of itself to somebody who changes nothing. */
export type StoreInspection =
  | { readonly kind: 'none' }
  | {
      readonly kind: 'store';
      readonly version: number;
      /** The newest version that this program knows. */
      readonly known: number;
      /** Empty where it is whole. */
      readonly problems: readonly string[];
      /** Null where nothing has happened yet. */
      readonly lastFactAtMs: number | null;
    };

/** SQLite names as many as it finds; a few will do. */
const MAX_PROBLEMS = 5;

/**
 * Looks at the store of a state folder that no coordinator has open.
 * @throws FedvoxError `coordinator/state-in-use`, `coordinator/state-unreadable`
 */
export async function inspectStore(stateDir: string): Promise<StoreInspection> {
  const path = join(stateDir, STATE_FILE);
  const isThere = await access(path).then(
    () => true,
    () => false,
  );
  if (!isThere) return { kind: 'none' };
  const database = await SqliteDatabase.open(path, READ_ONLY);
  try {
    return await database.read(async (session) => {
      const version = await schemaVersion(session);
      const rows = await session.all<{ integrity_check: string }>(
        `PRAGMA integrity_check(${MAX_PROBLEMS})`,
      );
      const problems = rows.map((row) => row.integrity_check).filter((each) => each !== 'ok');
      const last = await session.get<{ at_ms: number | null }>(
        'SELECT MAX(at_ms) AS at_ms FROM facts',
      );
      const lastFactAtMs = last?.at_ms ?? null;
      return { kind: 'store', version, known: KNOWN_VERSION, problems, lastFactAtMs };
    });
  } catch (error) {
    throw openingError(path, error);
  } finally {
    await database.close();
  }
}
