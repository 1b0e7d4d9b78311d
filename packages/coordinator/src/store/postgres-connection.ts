import { Socket } from 'node:net';
import { errorText, type FedvoxError, isFedvoxError } from '@fedvox/base';
import { failureOfCode } from '@fedvox/base/system';
import pg from 'pg';
import { fail } from '../errors.js';
import type { SqlDialect, SqlSession, SqlValue } from './sql-database.js';

/** Its first release that writes a double so that the same double is read back. */
const LEAST_VERSION = 12;
const CONNECT_TIMEOUT_MS = 10_000;
/** A statement that took longer is given up with its connection: the way there is broken. */
const STATEMENT_TIMEOUT_MS = 60_000;
/** A process that stands still within a transaction keeps nobody waiting for longer. */
const IDLE_TRANSACTION_TIMEOUT_MS = 10_000;
const INT8 = 20;

const DIALECT: SqlDialect = {
  jsonEach: 'json_each_text(CAST(? AS json))',
  jsonObject: 'json_object_agg',
  selectVersion: 'SELECT version FROM leadership',
  updateVersion: (version) => `UPDATE leadership SET version = ${version}`,
  definition: postgresDefinition,
};

/** One connection to a PostgreSQL server. */
export interface PostgresConnection {
  readonly session: SqlSession;
  /** Whether it broke: nothing can be asked of it any more. */
  readonly isLost: () => boolean;
  /** @throws FedvoxError where the server rolled back instead */
  commit(): Promise<void>;
  /** In good order where it is whole; at once where it broke. */
  close(): Promise<void>;
}

/**
 * Connects to a server that takes writes.
 * @throws FedvoxError `coordinator/store-unreachable`, `store-login-refused`, `store-read-only`,
 *   `store-server-too-old`
 */
export async function connectPostgres(url: string): Promise<PostgresConnection> {
  const store = storeName(url);
  const socket = new Socket();
  const client = new pg.Client({
    connectionString: url,
    stream: () => socket,
    application_name: 'fedvox coordinator',
    connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
    query_timeout: STATEMENT_TIMEOUT_MS,
    idle_in_transaction_session_timeout: IDLE_TRANSACTION_TIMEOUT_MS,
    keepAlive: true,
    types: { getTypeParser },
  });
  let isLost = false;
  client.on('error', () => {
    isLost = true;
  });
  const query = async (text: string, values: readonly SqlValue[] = []) => {
    try {
      return await client.query({ text: numbered(text), values: [...values] });
    } catch (error) {
      const failure = postgresFailure(error, store);
      // A server that takes no writes any more has a successor, which another connection may reach.
      isLost ||= isConnectionLost(failure) || isFedvoxError(failure, 'coordinator/store-read-only');
      throw failure;
    }
  };
  const session = sessionOf(query);
  const connection: PostgresConnection = {
    session,
    isLost: () => isLost,
    commit: async () => {
      const { command } = await query('COMMIT');
      if (command !== 'COMMIT') throw fail('store-failed', { store, reason: 'rolled back' });
    },
    close: async () => {
      if (isLost) socket.destroy();
      else await client.end();
    },
  };
  try {
    await client.connect();
  } catch (error) {
    socket.destroy();
    throw postgresFailure(error, store);
  }
  try {
    await refuseUnfit(session, store);
    return connection;
  } catch (error) {
    await connection.close();
    throw error;
  }
}

/** Who, where and which database; nothing that opens it. */
export function storeName(url: string): string {
  const { username, host, pathname } = new URL(url);
  return `postgres://${username === '' ? '' : `${username}@`}${host}${pathname}`;
}

/** Whether the same may be asked again over another connection. */
export function isConnectionLost(error: unknown): boolean {
  return isFedvoxError(error, 'coordinator/store-unreachable');
}

async function refuseUnfit(session: SqlSession, store: string): Promise<void> {
  const row = await session.get<Readonly<Record<'version' | 'readonly', string>>>(
    `SELECT current_setting('server_version_num') AS version,
       current_setting('transaction_read_only') AS readonly`,
  );
  const version = Math.floor(Number(row?.version) / 10_000);
  if (version < LEAST_VERSION) {
    throw fail('store-server-too-old', { store, version, least: LEAST_VERSION });
  }
  if (row?.readonly === 'on') throw fail('store-read-only', { store });
  await session.all(
    // What the server's owner asks for beyond that, such as the word of a replica, is left as it is.
    `SELECT set_config('synchronous_commit', 'on', false)
     WHERE current_setting('synchronous_commit') = 'off'`,
  );
}

type Query = (
  text: string,
  values: readonly SqlValue[],
) => Promise<{ readonly rows: unknown[]; readonly rowCount: number | null }>;

function sessionOf(query: Query): SqlSession {
  const all = async <Row>(sql: string, ...values: readonly SqlValue[]) =>
    (await query(sql, values)).rows as Row[];
  return {
    dialect: DIALECT,
    all,
    get: async <Row>(sql: string, ...values: readonly SqlValue[]) =>
      (await all<Row>(sql, ...values))[0],
    run: async (sql, ...values) => ({ changes: (await query(sql, values)).rowCount ?? 0 }),
  };
}

/** Every count and every time of ours is exact in a double. */
const getTypeParser = ((oid: number, format: 'text' | 'binary') =>
  oid === INT8 ? Number : pg.types.getTypeParser(oid, format)) as typeof pg.types.getTypeParser;

/** `?` as PostgreSQL writes it. */
function numbered(sql: string): string {
  let count = 0;
  return sql.replaceAll('?', () => `$${++count}`);
}

/** The same tables: 64-bit numbers, doubles, and texts in the order of their bytes. */
function postgresDefinition(statement: string): string {
  return statement
    .replace(/\) STRICT(, WITHOUT ROWID)?$/, ')')
    .replace(
      /\bINTEGER PRIMARY KEY( AUTOINCREMENT)?/g,
      'BIGINT GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY',
    )
    .replaceAll(/\bINTEGER\b/g, 'BIGINT')
    .replaceAll(/\bREAL\b/g, 'DOUBLE PRECISION')
    .replaceAll(/\bTEXT\b/g, 'TEXT COLLATE "C"');
}

/** Errors of a server that answers, by the first of its SQLSTATE's characters; any other is `store-failed`. */
const FAILURES = [
  [/^(08|57P|53300|25P03)/, 'store-unreachable'],
  [/^(28|3D000)/, 'store-login-refused'],
  [/^25006/, 'store-read-only'],
  [/^42501/, 'store-not-permitted'],
] as const;

function postgresFailure(cause: unknown, store: string): FedvoxError {
  const reason = errorText(cause);
  const state = cause instanceof pg.DatabaseError ? (cause.code ?? '') : undefined;
  if (state === undefined) return fail('store-unreachable', { store, reason }, { cause });
  if (state === '53100') {
    const full = failureOfCode('ENOSPC', 'the database', store, cause);
    if (full !== undefined) return full;
  }
  switch (FAILURES.find(([pattern]) => pattern.test(state))?.[1]) {
    case 'store-unreachable':
      return fail('store-unreachable', { store, reason }, { cause });
    case 'store-login-refused':
      return fail('store-login-refused', { store, reason }, { cause });
    case 'store-read-only':
      return fail('store-read-only', { store }, { cause });
    case 'store-not-permitted':
      return fail('store-not-permitted', { store, reason }, { cause });
    default:
      return fail('store-failed', { store, reason }, { cause });
  }
}
