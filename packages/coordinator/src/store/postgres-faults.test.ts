import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { systemClock } from '@fedvox/base/system';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  asOwner,
  hasPostgres,
  newTestDatabase,
  serverUrl,
  type TestDatabase,
} from '../testing/postgres-server.js';
import { PostgresDatabase } from './postgres-database.js';

const COMMIT = 'COMMIT';

describe.skipIf(!hasPostgres)('a PostgreSQL database', () => {
  let database: TestDatabase;
  let way: CutWay;
  beforeEach(async () => {
    database = await newTestDatabase();
    way = await CutWay.open();
  });
  afterEach(async () => {
    await way.close();
    await database.drop();
  });

  const open = (url: string) => PostgresDatabase.open({ url, clock: systemClock, jitter: () => 0 });
  /** Leads, by the way that can be cut, with a row that every write adds one to. */
  async function lead(): Promise<PostgresDatabase> {
    const opened = await open(way.url(database.url));
    expect(await opened.takeOver(await opened.reign(), 'here')).toBe(true);
    await opened.transaction(async (session) => {
      await session.run('CREATE TABLE counted (count BIGINT)');
      await session.run('INSERT INTO counted VALUES (0)');
    });
    return opened;
  }
  const add = (to: PostgresDatabase) =>
    to.transaction(async (session) => {
      await session.run('UPDATE counted SET count = count + 1');
      return session.get<{ count: number }>('SELECT count FROM counted');
    });

  it('goes on over another connection where one broke between two calls', async () => {
    const opened = await lead();
    way.cut();
    expect(await add(opened)).toEqual({ count: 1 });
    const own = await opened.read((session) =>
      session.get<{ pid: number }>('SELECT pg_backend_pid() AS pid'),
    );
    await asOwner((client) => client.query('SELECT pg_terminate_backend($1)', [own?.pid]));
    expect(await add(opened)).toEqual({ count: 2 });
    await opened.close();
  });

  it.each([
    ['before its commit arrived', 'before'],
    ['after its commit arrived and before the answer', 'after'],
  ] as const)('writes once where the connection broke %s', async (_, moment) => {
    const opened = await lead();
    way.cutAt(COMMIT, moment);
    expect(await add(opened)).toEqual({ count: 1 });
    expect(way.cuts).toBe(1);
    expect(await add(opened)).toEqual({ count: 2 });
    await opened.close();
  });

  it('lets nobody write whose epoch is over, also where a statement of his is under way', async () => {
    const [first, second] = [await lead(), await open(database.url)];
    const seen = await second.reign();
    await first
      .transaction(async (session) => {
        const taking = second.takeOver(seen, 'there');
        await session.run('UPDATE counted SET count = 7');
        // It waits for the end of this write, and has then seen too little.
        return { taking };
      })
      .then(async ({ taking }) => expect(await taking).toBe(false));
    expect(await second.takeOver(await second.reign(), 'there')).toBe(true);
    await expect(add(first)).rejects.toMatchObject({ code: 'coordinator/leadership-lost' });
    expect(await add(second)).toEqual({ count: 8 });
    for (const each of [first, second]) await each.close();
  });

  it('is named where it is not there, not the one meant, or takes no writes', async () => {
    const { port } = way;
    await way.close();
    const options = `-c search_path=${database.schema} -c default_transaction_read_only=on`;
    const absent = serverUrl({}, (url) => {
      url.host = `127.0.0.1:${port}`;
    });
    const [stranger, missing] = [
      serverUrl({}, (url) => {
        url.username = 'nobody-of-this-name';
      }),
      serverUrl({}, (url) => {
        url.pathname = '/no-database-of-this-name';
      }),
    ];
    const codes = [
      [absent, 'store-unreachable'],
      [stranger, 'store-login-refused'],
      [missing, 'store-login-refused'],
      [serverUrl({ options }), 'store-read-only'],
    ] as const;
    for (const [url, code] of codes) {
      await expect(open(url)).rejects.toMatchObject({ code: `coordinator/${code}` });
    }
  });

  it('is named where its server is too old', async () => {
    const { schema } = database;
    // Found before the server's own, since the path names that after it.
    await asOwner((client) =>
      client.query(`CREATE FUNCTION ${schema}.current_setting(text) RETURNS text LANGUAGE sql AS
        $$ SELECT CASE $1 WHEN 'server_version_num' THEN '110022'
           ELSE pg_catalog.current_setting($1) END $$`),
    );
    const old = serverUrl({ options: `-c search_path=${schema},pg_catalog` });
    await expect(open(old)).rejects.toMatchObject({
      code: 'coordinator/store-server-too-old',
      message: expect.stringContaining('is PostgreSQL 11; it must be 12 or newer'),
    });
  });

  it('is named where it takes not this password, without a word of it', async () => {
    // A server that trusts everybody can't be asked to.
    const refusing = createServer((socket) => {
      const fields = 'SFATAL\0C28P01\0Mpassword authentication failed for user "me"\0\0';
      const length = Buffer.alloc(4);
      length.writeInt32BE(4 + fields.length);
      socket.once('data', () =>
        socket.end(Buffer.concat([Buffer.from('E'), length, Buffer.from(fields)])),
      );
    }).listen(0, '127.0.0.1');
    await once(refusing, 'listening');
    const { port } = refusing.address() as { port: number };
    const error = await open(`postgres://me:secret@127.0.0.1:${port}/db`).catch((thrown) => thrown);
    expect(error).toMatchObject({ code: 'coordinator/store-login-refused' });
    expect(JSON.stringify([error, error.message])).not.toContain('secret');
    refusing.close();
  });

  it('is named where its user may make no tables there', async () => {
    const role = database.schema;
    await asOwner((client) => client.query(`CREATE ROLE ${role} LOGIN`));
    try {
      const url = serverUrl({ options: `-c search_path=${database.schema}` }, (each) => {
        each.username = role;
      });
      const code = 'coordinator/store-not-permitted';
      await asOwner((client) => client.query(`GRANT USAGE ON SCHEMA ${role} TO ${role}`));
      await expect(open(url)).rejects.toMatchObject({ code });
    } finally {
      await asOwner((client) => client.query(`DROP OWNED BY ${role}; DROP ROLE ${role}`));
    }
  });

  it('is never asked by two that begin at once for two tables', async () => {
    const all = await Promise.all(Array.from({ length: 4 }, () => open(database.url)));
    const reign = await all[0]?.reign();
    expect(reign).toEqual({ epoch: 0, writes: 0, holder: '' });
    const won = await Promise.all(all.map((each) => each.takeOver(reign as never, 'one')));
    expect(won.filter(Boolean)).toHaveLength(1);
    for (const each of all) await each.close();
  });
});

/** A way to the server that is cut when a test says so. */
class CutWay {
  readonly #server: Server;
  readonly #ends = new Set<Socket>();
  #point: { readonly text: string; readonly moment: 'before' | 'after' } | undefined;
  cuts = 0;

  private constructor(server: Server) {
    this.#server = server;
    server.on('connection', (near) => this.#join(near));
  }

  static async open(): Promise<CutWay> {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    return new CutWay(server);
  }

  get port(): number {
    return (this.#server.address() as { port: number }).port;
  }

  url(direct: string): string {
    const url = new URL(direct);
    url.host = `127.0.0.1:${this.port}`;
    return url.href;
  }

  cut(): void {
    for (const end of this.#ends) end.destroy();
  }

  /** Once, where this text is sent to the server: before it gets there, or before its answer comes back. */
  cutAt(text: string, moment: 'before' | 'after'): void {
    this.#point = { text, moment };
  }

  async close(): Promise<void> {
    this.cut();
    if (!this.#server.listening) return;
    this.#server.close();
    await once(this.#server, 'close');
  }

  #join(near: Socket): void {
    const { hostname, port } = new URL(serverUrl());
    const far = connect({ host: hostname, port: Number(port || 5432) });
    let isDeaf = false;
    const end = () => {
      for (const each of [near, far]) each.destroy();
    };
    for (const each of [near, far]) {
      this.#ends.add(each);
      each.on('error', end);
      each.on('close', () => {
        this.#ends.delete(each);
        end();
      });
    }
    near.on('data', (bytes) => {
      const point = this.#point;
      if (point === undefined || !bytes.includes(point.text)) {
        far.write(bytes);
        return;
      }
      this.#point = undefined;
      this.cuts += 1;
      if (point.moment === 'before') return end();
      isDeaf = true;
      far.write(bytes);
    });
    far.on('data', (bytes) => {
      if (isDeaf) end();
      else near.write(bytes);
    });
  }
}
