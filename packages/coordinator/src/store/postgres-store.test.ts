import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { silentLogger, systemClock } from '@fedvox/base/system';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { submitJob } from '../core/job-machine.js';
import {
  asOwner,
  hasPostgres,
  newTestDatabase,
  serverUrl,
  type TestDatabase,
} from '../testing/postgres-server.js';
import { describeStore, planOf } from '../testing/store-contract.js';
import { openPostgresStore } from './postgres-store.js';
import { openSqliteStore } from './sqlite-store.js';
import type { StoreSnapshot } from './store.js';
import { serverOutlook } from './store-outlook.js';

let folder: string;
let files = 0;
const databases: TestDatabase[] = [];

async function open(stateFile = join(folder, 'none'), url?: string) {
  return openPostgresStore({
    url: url ?? (await newDatabase()).url,
    program: '0.1.0',
    clock: systemClock,
    log: silentLogger(),
    jitter: () => 0,
    holder: 'here:8445',
    takeoverAfterMs: 60_000,
    stateFile,
    scratch: join(folder, 'incoming'),
    onStandby: async () => undefined,
  });
}

async function newDatabase(): Promise<TestDatabase> {
  const database = await newTestDatabase();
  databases.push(database);
  return database;
}

async function fileOf({ bytes }: StoreSnapshot): Promise<string> {
  const path = join(folder, `state-${files++}.sqlite`);
  await writeFile(path, bytes);
  return path;
}

const job = (jobId: string) => {
  const { state, facts } = submitJob(planOf(jobId), 5);
  return { name: 'a-job', jobSha256: 'a'.repeat(64), submittedAtMs: 5, state, facts };
};

describe.skipIf(!hasPostgres)('on a PostgreSQL server', () => {
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'fedvox-postgres-'));
    await mkdir(join(folder, 'incoming'));
  });
  afterEach(async () => {
    for (const database of databases.splice(0)) await database.drop();
  });
  afterAll(() => rm(folder, { recursive: true }));

  describeStore(
    'a store',
    () => open(),
    async (snapshot) => open(await fileOf(snapshot)),
  );

  it('a store’s snapshot is a state file, with which a coordinator goes on without a server', async () => {
    const store = await open();
    await store.addJob(job('job'));
    const [jobs, facts] = [await store.jobs(), await store.facts(0, 10)];
    const copy = await openSqliteStore(await fileOf(await store.snapshot()));
    expect([await copy.jobs(), await copy.facts(0, 10)]).toEqual([jobs, facts]);
    await copy.addJob(job('next'));
    expect((await copy.jobs()).map(({ sequence }) => sequence)).toEqual([1, 2]);
    for (const each of [store, copy]) await each.close();
  });

  it('a store begins with a state file’s rows, counts on, and sets the file aside', async () => {
    const path = join(folder, 'state.sqlite');
    const before = await openSqliteStore(path);
    await before.addJob(job('first'));
    await before.addJob(job('second'));
    await before.close();
    const { url } = await newDatabase();
    const store = await open(path, url);
    await store.addJob(job('third'));
    const jobs = await store.jobs();
    expect(jobs.map(({ sequence, state }) => [sequence, state.plan.jobId])).toEqual([
      [1, 'first'],
      [2, 'second'],
      [3, 'third'],
    ]);
    expect((await store.facts(0, 10)).map(({ sequence }) => sequence)).toEqual([1, 2, 3]);
    expect(await readdir(join(folder, 'incoming'))).toEqual([]);
    expect(await readdir(folder)).toContain('state.sqlite.moved');
    await store.close();
    const other = await openSqliteStore(path);
    await other.addJob(job('fourth'));
    await other.close();
    const again = await open(path, url);
    expect(await again.jobs()).toHaveLength(3);
    await again.close();
  });

  it('a store holds everything for the next process, which leads at once where the last one ended well', async () => {
    const { url } = await newDatabase();
    const first = await open(undefined, url);
    await first.addJob(job('job'));
    await first.close();
    const second = await open(undefined, url);
    expect((await second.jobs())[0]?.state).toEqual(job('job').state);
    await second.close();
  });

  it('a store is refused when a newer version wrote it, and another may lead then', async () => {
    const { url, schema } = await newDatabase();
    await (await open(undefined, url)).close();
    const known = await asOwner(async (client) => {
      const { rows } = await client.query(`SELECT version FROM ${schema}.leadership`);
      await client.query(`UPDATE ${schema}.leadership SET version = 99`);
      return rows[0]?.version;
    });
    const code = 'coordinator/state-too-new';
    await expect(open(undefined, url)).rejects.toMatchObject({ code });
    await asOwner((client) =>
      client.query(`UPDATE ${schema}.leadership SET version = ${Number(known)}`),
    );
    await (await open(undefined, url)).close();
  });

  it('a store of an older version is told beforehand, and brought forward by whoever leads', async () => {
    const { url, schema } = await newDatabase();
    await expect(serverOutlook(url)).rejects.toMatchObject({ code: 'coordinator/no-state-here' });
    const first = await open(undefined, url);
    await first.addJob(job('job'));
    await first.close();
    const known = await asOwner(async (client) => {
      const { rows } = await client.query(`SELECT version FROM ${schema}.leadership`);
      await client.query(`DROP TABLE ${schema}.programs`);
      await client.query(`UPDATE ${schema}.leadership SET version = 13`);
      return Number(rows[0]?.version);
    });
    const before = await serverOutlook(url);
    expect(before).toMatchObject({ lastProgram: null, migrates: true, wayBack: 'backup' });
    expect(before.formats[0]).toMatchObject({ lies: 'version 13', known, fate: 'migrates' });
    const second = await open(undefined, url);
    expect(await second.jobs()).toHaveLength(1);
    // Also while somebody leads.
    const after = await serverOutlook(url);
    expect(after).toMatchObject({ lastProgram: '0.1.0', migrates: false, canGoOn: true });
    await second.close();
  });

  it('a commit is on the disk when it returns, whatever the server’s settings say', async () => {
    const { schema } = await newDatabase();
    const url = serverUrl({ options: `-c search_path=${schema} -c synchronous_commit=off` });
    const store = await open(undefined, url);
    // A session that was let have its way would show "off" to the trigger.
    await asOwner((client) =>
      client.query(`
        CREATE FUNCTION ${schema}.refuse() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
          IF current_setting('synchronous_commit') = 'off' THEN RAISE 'not durable'; END IF;
          RETURN NEW;
        END $$;
        CREATE TRIGGER durable BEFORE INSERT ON ${schema}.jobs
          FOR EACH ROW EXECUTE FUNCTION ${schema}.refuse()`),
    );
    await store.addJob(job('job'));
    await store.close();
  });
});
