import { assert, type Clock, type RetryPolicy, retry } from '@fedvox/base';
import { fail } from '../errors.js';
import { SerialQueue } from '../serial-queue.js';
import {
  connectPostgres,
  isConnectionLost,
  type PostgresConnection,
  storeName,
} from './postgres-connection.js';
import type { SqlDatabase, SqlSession } from './sql-database.js';

/** After the connection broke: about twenty seconds, in which a server restarts. */
const RECONNECTION: RetryPolicy = { maxAttempts: 10, firstDelayMs: 100, maxDelayMs: 5_000 };

export interface PostgresOptions {
  /** `postgres://user@host/database`; the password comes as `PGPASSWORD` or `PGPASSFILE` says. */
  readonly url: string;
  readonly clock: Clock;
  /** In [0, 1). */
  readonly jitter: () => number;
}

/** Who may write, and a count that every write adds to. */
export interface Reign {
  readonly epoch: number;
  readonly writes: number;
  /** Where the leader's operators dial; empty where it gave up its place. */
  readonly holder: string;
}

/**
 * A PostgreSQL database that one coordinator at a time writes to. Its right to do so is an epoch, which
 * every transaction checks before anything else and holds until it ends: one that slept while another took
 * over can't write, whatever it believes. The same row counts writes, so that a commit whose answer was
 * lost is known to be there or not.
 */
export class PostgresDatabase implements SqlDatabase {
  readonly #queue = new SerialQueue();
  readonly #closing = new AbortController();
  #connection: PostgresConnection | undefined;
  #epoch: number | undefined;

  private constructor(readonly options: PostgresOptions) {}

  /** Connects once: whoever starts is told at once what is wrong. @throws FedvoxError as `connectPostgres` */
  static async open(options: PostgresOptions): Promise<PostgresDatabase> {
    const database = new PostgresDatabase(options);
    try {
      await makeLeadershipTable((await database.#connected()).session);
      return database;
    } catch (error) {
      await database.close();
      throw error;
    }
  }

  /** For messages: who, where and which database. */
  get name(): string {
    return storeName(this.options.url);
  }

  read<T>(work: (session: SqlSession) => Promise<T>): Promise<T> {
    return this.#queue.run(() => this.#persistently(({ session }) => work(session)));
  }

  /** @throws FedvoxError `coordinator/leadership-lost`, and what `work` throws */
  transaction<T>(work: (session: SqlSession) => Promise<T>): Promise<T> {
    return this.#queue.run(() => this.#persistently((connection) => this.#write(connection, work)));
  }

  async reign(): Promise<Reign> {
    const row = await this.read((session) =>
      session.get<Reign>('SELECT epoch, writes, holder FROM leadership'),
    );
    assert(row !== undefined, 'opening the database made the row');
    return row;
  }

  /** Begins an epoch of its own, unless anything was written since `seen`. */
  takeOver({ epoch, writes }: Reign, holder: string): Promise<boolean> {
    return this.read(async (session) => {
      const { changes } = await session.run(
        `UPDATE leadership SET epoch = epoch + 1, writes = writes + 1, holder = ?
         WHERE epoch = ? AND writes = ?`,
        holder,
        epoch,
        writes,
      );
      if (changes > 0) this.#epoch = epoch + 1;
      return changes > 0;
    });
  }

  /** Gives up its place: whoever stands by need not wait. */
  async release(): Promise<void> {
    await this.transaction((session) => session.run("UPDATE leadership SET holder = ''"));
    this.#epoch = undefined;
  }

  async close(): Promise<void> {
    this.#closing.abort();
    await this.#queue.drained();
    await this.#connection?.close();
  }

  async #write<T>(
    connection: PostgresConnection,
    work: (session: SqlSession) => Promise<T>,
  ): Promise<T> {
    const { session } = connection;
    await session.run('BEGIN');
    let written: number;
    let result: T;
    try {
      written = await this.#beginWrite(session);
      result = await work(session);
    } catch (error) {
      // The server has rolled back by itself where the connection broke; the first error is the one to tell.
      if (!connection.isLost()) await session.run('ROLLBACK').catch(() => undefined);
      throw error;
    }
    try {
      await connection.commit();
    } catch (error) {
      if (!isConnectionLost(error) || !(await this.#isWritten(written))) throw error;
    }
    return result;
  }

  /** The number of this write, and the lock on everybody else's. */
  async #beginWrite(session: SqlSession): Promise<number> {
    assert(this.#epoch !== undefined, 'only the leader writes');
    const row = await session.get<{ writes: number }>(
      'UPDATE leadership SET writes = writes + 1 WHERE epoch = ? RETURNING writes',
      this.#epoch,
    );
    if (row === undefined) throw fail('leadership-lost', { store: this.name });
    return row.writes;
  }

  /** Whether a commit arrived whose answer did not. */
  #isWritten(written: number): Promise<boolean> {
    return this.#persistently(async ({ session }) => {
      // Waits for the end of a commit that is still under way.
      const reign = await session.get<Reign>('SELECT epoch, writes FROM leadership FOR UPDATE');
      if (reign?.epoch !== this.#epoch) throw fail('leadership-lost', { store: this.name });
      return reign !== undefined && reign.writes >= written;
    });
  }

  #persistently<T>(work: (connection: PostgresConnection) => Promise<T>): Promise<T> {
    const { clock, jitter } = this.options;
    const { signal } = this.#closing;
    const isTransient = (error: unknown) => isConnectionLost(error) && !signal.aborted;
    return retry(RECONNECTION, { clock, jitter, isTransient, signal }, async () =>
      work(await this.#connected()),
    );
  }

  async #connected(): Promise<PostgresConnection> {
    const present = this.#connection;
    if (present !== undefined && !present.isLost()) return present;
    this.#connection = undefined;
    await present?.close();
    this.#connection = await connectPostgres(this.options.url);
    return this.#connection;
  }
}

/** Beside the numbered schema: who may bring that forward is decided by it. */
async function makeLeadershipTable(session: SqlSession): Promise<void> {
  const found = await session.get<{ name: string | null }>(
    "SELECT to_regclass('leadership') AS name",
  );
  if (found?.name) return;
  await session.run('BEGIN');
  // Two that start at once would both find none.
  await session.run("SELECT pg_advisory_xact_lock(hashtext('fedvox leadership'))");
  await session.run(`CREATE TABLE IF NOT EXISTS leadership (
    single BOOLEAN PRIMARY KEY DEFAULT true CHECK (single),
    epoch BIGINT NOT NULL,
    writes BIGINT NOT NULL,
    holder TEXT NOT NULL,
    version BIGINT NOT NULL
  )`);
  await session.run(
    `INSERT INTO leadership (epoch, writes, holder, version) VALUES (0, 0, '', 0)
     ON CONFLICT DO NOTHING`,
  );
  await session.run('COMMIT');
}
