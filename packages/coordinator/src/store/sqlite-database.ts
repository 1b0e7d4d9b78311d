import { failureOfCode } from '@fedvox/base/system';
import sqlite3 from 'sqlite3';
import { SerialQueue } from '../serial-queue.js';
import type { SqlDatabase, SqlDialect, SqlSession, SqlValue } from './sql-database.js';

const DIALECT: SqlDialect = {
  jsonEach: 'json_each(?)',
  jsonObject: 'json_group_object',
  selectVersion: 'SELECT user_version AS version FROM pragma_user_version',
  updateVersion: (version) => `PRAGMA user_version = ${version}`,
  definition: (statement) => statement,
};

const READ_WRITE = sqlite3.OPEN_READWRITE | sqlite3.OPEN_CREATE | sqlite3.OPEN_FULLMUTEX;

/** For somebody who only looks. */
export const READ_ONLY = sqlite3.OPEN_READONLY | sqlite3.OPEN_FULLMUTEX;

/**
 * One SQLite connection with promises. Everything on it runs one at a time: `sqlite3` would let the
 * statements of two callers interleave inside one another's transactions.
 */
export class SqliteDatabase implements SqlDatabase {
  readonly #queue = new SerialQueue();
  readonly #session: SqlSession;

  private constructor(
    readonly connection: sqlite3.Database,
    path: string,
  ) {
    this.#session = sessionOf(connection, (error) => diskFailure(error, path));
  }

  /** @param path a file, or `:memory:` */
  static async open(path: string, mode = READ_WRITE): Promise<SqliteDatabase> {
    const connection = await new Promise<sqlite3.Database>((resolve, reject) => {
      const opened = new sqlite3.Database(path, mode, (error) =>
        error === null ? resolve(opened) : reject(diskFailure(error, path)),
      );
    });
    return new SqliteDatabase(connection, path);
  }

  read<T>(work: (session: SqlSession) => Promise<T>): Promise<T> {
    return this.#queue.run(() => work(this.#session));
  }

  /** All of `work` or none of it; durable when the promise resolves. */
  transaction<T>(work: (session: SqlSession) => Promise<T>): Promise<T> {
    return this.#queue.run(async () => {
      await this.#session.run('BEGIN IMMEDIATE');
      try {
        const result = await work(this.#session);
        await this.#session.run('COMMIT');
        return result;
      } catch (error) {
        // SQLite has rolled back by itself where the disk was full; the first error is the one to tell.
        await this.#session.run('ROLLBACK').catch(() => undefined);
        throw error;
      }
    });
  }

  async close(): Promise<void> {
    await this.#queue.drained();
    await new Promise<void>((resolve, reject) => {
      this.connection.close((error) => (error === null ? resolve() : reject(error)));
    });
  }
}

/** What SQLite says of the disk, as the operating system would have said it. */
const DISK_CODES: Readonly<Record<string, string>> = {
  SQLITE_FULL: 'ENOSPC',
  SQLITE_READONLY: 'EROFS',
  SQLITE_CANTOPEN: 'EACCES',
  SQLITE_IOERR: 'EIO',
};

/** The error with its path and its cause where the disk refused; itself where anything else did. */
function diskFailure(error: Error, path: string): Error {
  const { code } = error as { readonly code?: string };
  const systemCode = code === undefined ? undefined : DISK_CODES[code];
  if (systemCode === undefined) return error;
  return failureOfCode(systemCode, 'the database', path, error) ?? error;
}

function sessionOf(connection: sqlite3.Database, name: (error: Error) => Error): SqlSession {
  const all = <Row>(sql: string, ...values: readonly SqlValue[]) =>
    new Promise<Row[]>((resolve, reject) => {
      connection.all<Row>(sql, values, (error, rows) =>
        error === null ? resolve(rows) : reject(name(error)),
      );
    });
  return {
    dialect: DIALECT,
    all,
    get: async <Row>(sql: string, ...values: readonly SqlValue[]) =>
      (await all<Row>(sql, ...values))[0],
    run: (sql, ...values) =>
      new Promise((resolve, reject) => {
        connection.run(sql, values, function (error) {
          if (error === null) resolve({ changes: this.changes });
          else reject(name(error));
        });
      }),
  };
}
