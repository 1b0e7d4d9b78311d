export type SqlValue = string | number | Uint8Array | null;

/** The statements one can run, inside a transaction or each by itself; values stand as `?` in them. */
export interface SqlSession {
  readonly dialect: SqlDialect;
  run(sql: string, ...values: readonly SqlValue[]): Promise<{ readonly changes: number }>;
  /** The row type is the caller's claim: it wrote both the statement and the migration. */
  all<Row>(sql: string, ...values: readonly SqlValue[]): Promise<Row[]>;
  get<Row>(sql: string, ...values: readonly SqlValue[]): Promise<Row | undefined>;
}

/** Where the two databases have no word in common. */
export interface SqlDialect {
  /** A table of `key` and `value`, of a JSON object of texts that stands as `?`. */
  readonly jsonEach: string;
  /** An aggregate: a JSON object of a key and a text from each row. */
  readonly jsonObject: string;
  /** Answers the `version` of the schema. */
  readonly selectVersion: string;
  readonly updateVersion: (version: number) => string;
  /** A statement of a migration, which is written in SQLite's words. */
  readonly definition: (statement: string) => string;
}

/**
 * A database that one coordinator writes to. Everything on it runs one at a time, in the order in which
 * it was asked for: a read sees every write that was begun before it.
 */
export interface SqlDatabase {
  read<T>(work: (session: SqlSession) => Promise<T>): Promise<T>;
  /**
   * All of `work` or none of it; durable when the promise resolves. Where the connection breaks, `work`
   * is run again: it says nothing to anybody but its session.
   */
  transaction<T>(work: (session: SqlSession) => Promise<T>): Promise<T>;
  close(): Promise<void>;
}
