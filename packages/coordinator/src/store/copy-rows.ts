import type { SqlSession, SqlValue } from './sql-database.js';

type Row = Readonly<Record<string, SqlValue>>;

/** Rows that are in memory at a time. */
const PAGE_ROWS = 500;

interface Column {
  readonly name: string;
  /** Its place in the primary key, from 1; 0 where it is no part of it. */
  readonly pk: number;
}

/**
 * Copies every table between databases of one schema version, in an order in which rows find what they
 * refer to.
 * @param sqlite whichever of the two is a SQLite file, which knows what tables there are
 */
export async function copyRows(
  from: SqlSession,
  to: SqlSession,
  sqlite: SqlSession,
): Promise<void> {
  const tables = await sqlite.all<{ name: string }>(
    `SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'
     ORDER BY name <> 'jobs', name`,
  );
  for (const { name } of tables) {
    const columns = await sqlite.all<Column>('SELECT name, pk FROM pragma_table_info(?)', name);
    await copyTable(from, to, name, columns);
  }
}

async function copyTable(
  from: SqlSession,
  to: SqlSession,
  table: string,
  columns: readonly Column[],
): Promise<void> {
  const names = columns.map(({ name }) => name);
  const key = columns
    .filter(({ pk }) => pk > 0)
    .sort((a, b) => a.pk - b.pk)
    .map(({ name }) => name);
  const insert = `INSERT INTO ${table} (${names}) VALUES (${names.map(() => '?')})`;
  const select = (where: string) =>
    `SELECT ${names} FROM ${table} ${where} ORDER BY ${key} LIMIT ${PAGE_ROWS}`;
  const next = select(`WHERE (${key}) > (${key.map(() => '?')})`);
  let rows = await from.all<Row>(select(''));
  while (rows.length > 0) {
    for (const row of rows) await to.run(insert, ...names.map((name) => row[name] ?? null));
    const last = rows.at(-1);
    rows = await from.all<Row>(next, ...key.map((name) => last?.[name] ?? null));
  }
}
