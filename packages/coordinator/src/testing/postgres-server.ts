import { randomId } from '@fedvox/base/system';
import pg from 'pg';

/** Whoever tests elsewhere says so; the user must be allowed to make schemas and roles. */
const SERVER = process.env['FEDVOX_TEST_POSTGRES'] ?? 'postgres://postgres@127.0.0.1:5432/test';

/** Whether there is a server to test with. */
export const hasPostgres: boolean = await asOwner(async () => true).catch(
  // Where there is none, the tests that need one are skipped by name.
  () => false,
);

/** Runs statements as the one whom the server's tests belong to. */
export async function asOwner<T>(work: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client({ connectionString: SERVER, connectionTimeoutMillis: 2_000 });
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}

export interface TestDatabase {
  /** What a coordinator is configured with: it sees nothing but a schema of its own. */
  readonly url: string;
  readonly schema: string;
  drop(): Promise<void>;
}

export async function newTestDatabase(): Promise<TestDatabase> {
  const schema = `fedvox_test_${randomId().replaceAll('-', '').slice(0, 16)}`;
  await asOwner((client) => client.query(`CREATE SCHEMA ${schema}`));
  return {
    url: serverUrl({ options: `-c search_path=${schema}` }),
    schema,
    drop: () =>
      asOwner(async (client) => {
        await client.query(`DROP SCHEMA ${schema} CASCADE`);
      }),
  };
}

/** The server's address with other settings, another user or another database. */
export function serverUrl(
  settings: Readonly<Record<string, string>> = {},
  change: (url: URL) => void = () => undefined,
): string {
  const url = new URL(SERVER);
  // Settings of a session come with "%20" for a space: "+" would be read as itself.
  const search = Object.entries(settings)
    .map(([name, value]) => `${name}=${encodeURIComponent(value)}`)
    .join('&');
  url.search = `?${search}`;
  change(url);
  return url.href;
}
