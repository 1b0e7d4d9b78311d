import { KNOWN_VERSION, schemaVersion } from './migrations.js';
import { connectPostgres, storeName } from './postgres-connection.js';

/** What a store on a server says of itself to somebody who changes nothing and leads nobody. */
export interface PostgresInspection {
  /** Who, where and which database. */
  readonly name: string;
  /** 0 where nothing was ever stored. */
  readonly version: number;
  /** The newest version that this program knows. */
  readonly known: number;
  /** Where the leader's operators dial; empty where nobody leads. */
  readonly leader: string;
  /** Null where nothing has happened yet. */
  readonly lastFactAtMs: number | null;
}

/** @throws FedvoxError as `connectPostgres` */
export async function inspectPostgres(url: string): Promise<PostgresInspection> {
  const { session, close } = await connectPostgres(url);
  const known = { name: storeName(url), known: KNOWN_VERSION };
  try {
    const table = await session.get<{ name: string | null }>(
      "SELECT to_regclass('leadership') AS name",
    );
    const version = table?.name ? await schemaVersion(session) : 0;
    if (version === 0) return { ...known, version, leader: '', lastFactAtMs: null };
    const row = await session.get<{ leader: string; at_ms: number | null }>(
      'SELECT holder AS leader, (SELECT MAX(at_ms) FROM facts) AS at_ms FROM leadership',
    );
    return { ...known, version, leader: row?.leader ?? '', lastFactAtMs: row?.at_ms ?? null };
  } finally {
    await close();
  }
}
