import { readFileSync } from 'node:fs';
import { mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { submitJob } from '../core/job-machine.js';
import { readJobState } from '../core/stored-state.js';
import { describeStore, planOf } from '../testing/store-contract.js';
import { migrate } from './migrations.js';
import { SqliteDatabase } from './sqlite-database.js';
import { openSqliteStore } from './sqlite-store.js';
import type { StoreSnapshot } from './store.js';

const openRound = JSON.parse(
  readFileSync(new URL('../core/golden/states-2.json', import.meta.url), 'utf8'),
)['in an open round'];

let folder: string;
let files = 0;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'fedvox-store-'));
});
afterAll(() => rm(folder, { recursive: true }));

const newPath = () => join(folder, `state-${files++}.sqlite`);

const restore = async ({ bytes, byteLength }: StoreSnapshot) => {
  const path = newPath();
  await writeFile(path, bytes);
  expect((await stat(path)).size).toBe(byteLength);
  return openSqliteStore(path);
};

describeStore('a store in a SQLite file', () => openSqliteStore(newPath(), folder), restore);
describeStore('a store in memory', () => openSqliteStore(':memory:'), restore);

describe('a state file', () => {
  it('holds everything for the next process', async () => {
    const path = newPath();
    const first = await openSqliteStore(path);
    const { state, facts } = submitJob(planOf('job'), 5);
    const job = { name: 'a-job', jobSha256: 'a'.repeat(64), submittedAtMs: 5, state, facts };
    await first.addJob(job);
    await first.close();
    const second = await openSqliteStore(path);
    expect((await second.jobs())[0]?.state).toEqual(state);
    await second.close();
  });

  it('remembers the strikes of a site', async () => {
    const path = newPath();
    const first = await openSqliteStore(path);
    await first.addStrike('north');
    await first.close();
    const second = await openSqliteStore(path);
    expect(await second.addStrike('north')).toBe(2);
    await second.close();
  });

  it('is written through to the disk on every commit', async () => {
    const path = newPath();
    await (await openSqliteStore(path)).close();
    const database = await SqliteDatabase.open(path);
    const mode = await database.read((session) => session.get('PRAGMA journal_mode'));
    expect(mode).toEqual({ journal_mode: 'wal' });
    await database.close();
  });

  it('is refused while another coordinator has it', async () => {
    const path = newPath();
    const first = await openSqliteStore(path);
    const second = openSqliteStore(path);
    await expect(second).rejects.toMatchObject({ code: 'coordinator/state-in-use' });
    await first.close();
  });

  it('of a version that knew no operators keeps its sites and its open invitations', async () => {
    const path = newPath();
    const database = await SqliteDatabase.open(path);
    await migrate(database, 2);
    await database.transaction(async (session) => {
      await session.run("INSERT INTO certificates VALUES ('0a', 'north', 'key', 'PEM', 5, NULL)");
      await session.run("INSERT INTO invitations VALUES ('spent', 'north', 99, '0a')");
      await session.run("INSERT INTO invitations VALUES ('open', 'south', 99, NULL)");
    });
    await database.close();
    const store = await openSqliteStore(path);
    const north = { serial: '0a', site: 'north', keyId: 'key', certificatePem: 'PEM' };
    expect(await store.certificates()).toEqual([{ ...north, issuedAtMs: 5, revokedAtMs: null }]);
    expect((await store.invitation('spent'))?.spentOn).toMatchObject(north);
    const open = { createdAtMs: 0, replaces: false, isReplaced: false, spentOn: null };
    expect(await store.invitation('open')).toMatchObject(open);
    const south = { ...north, serial: '0b', site: 'south', issuedAtMs: 6 };
    expect(await store.spendInvitation('open', south, [])).toBe(true);
    expect(await store.operators()).toEqual([]);
    await store.close();
  });

  it('of a version that kept a job’s sites in one text has them in rows, and all updates', async () => {
    const path = newPath();
    const database = await SqliteDatabase.open(path);
    await migrate(database, 7);
    const whole = JSON.stringify(openRound);
    const update = ['st', 'job', 1, 'north', null, 2.5, 0.5, null, 7, 'key', 9, '{}', '{}'];
    await database.transaction(async (session) => {
      await session.run(`INSERT INTO jobs (job_id, name, job_sha256, submitted_at_ms, state)
        VALUES ('job', 'a-job', 'sha', 5, '${whole}')`);
      await session.run(
        'INSERT INTO updates VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)',
        ...update,
      );
    });
    await database.close();
    const store = await openSqliteStore(path);
    const [job] = await store.jobs();
    expect(job?.state).toEqual(readJobState({ head: whole, plan: null, sites: new Map() }, 'job'));
    expect(await store.lastCounter('job', 'north', 'key')).toBe(7);
    expect(await store.update('st')).toMatchObject({ site: 'north', weight: 2.5, acceptedAtMs: 9 });
    await store.close();
    const after = await SqliteDatabase.open(path);
    const [sites, jobs] = await after.read(async (session) => [
      await session.all('SELECT site FROM job_sites'),
      await session.all('SELECT state FROM jobs'),
    ]);
    expect(sites).toEqual(['east', 'north', 'south'].map((site) => ({ site })));
    expect(JSON.stringify(jobs)).not.toMatch(/east|north|south/);
    await after.close();
  });

  it('is refused when a newer version wrote it', async () => {
    const path = newPath();
    await (await openSqliteStore(path)).close();
    const database = await SqliteDatabase.open(path);
    await database.read((session) => session.run('PRAGMA user_version = 99'));
    await database.close();
    const opening = openSqliteStore(path);
    await expect(opening).rejects.toMatchObject({ code: 'coordinator/state-too-new' });
  });

  it('that cannot grow is told as a full disk, with its path', async () => {
    const path = newPath();
    const database = await SqliteDatabase.open(path);
    await database.read((session) => session.run('CREATE TABLE filled (text TEXT)'));
    await database.read((session) => session.all('PRAGMA max_page_count = 3'));
    const writing = database.transaction((session) =>
      session.run('INSERT INTO filled VALUES (?)', 'x'.repeat(100_000)),
    );
    await expect(writing).rejects.toMatchObject({
      code: 'base/disk-full',
      message: expect.stringContaining(`the disk of ${path} is full`),
    });
    await database.close();
  });

  it('leaves nothing behind where its snapshots were made', async () => {
    const scratch = await mkdtemp(join(folder, 'scratch-'));
    const store = await openSqliteStore(newPath(), scratch);
    const { bytes } = await store.snapshot();
    expect(await readdir(scratch)).toEqual([]);
    bytes.destroy();
    await store.close();
  });

  it.each([
    ['a newer version wrote', '{"version":99}', 'coordinator/job-state-too-new'],
    ['is damaged', '{"version":2,"status":"running"}', 'coordinator/job-state-unreadable'],
    ['is cut off', '{"version":2,"sta', 'coordinator/job-state-unreadable'],
  ])('with a job whose state %s names the job, and leaves it as it is', async (_, text, code) => {
    const path = newPath();
    const first = await openSqliteStore(path);
    const { state, facts } = submitJob(planOf('job'), 5);
    const job = { name: 'a-job', jobSha256: 'a'.repeat(64), submittedAtMs: 5, state, facts };
    await first.addJob(job);
    await first.close();
    const database = await SqliteDatabase.open(path);
    await database.read((session) => session.run('UPDATE jobs SET state = ?', text));
    await database.close();
    const second = await openSqliteStore(path);
    await expect(second.jobs()).rejects.toMatchObject({ code, details: { job: 'job' } });
    await second.close();
    const after = await SqliteDatabase.open(path);
    expect(await after.read((session) => session.get('SELECT state FROM jobs'))).toEqual({
      state: text,
    });
    await after.close();
  });

  it('is refused when it is something else', async () => {
    const path = newPath();
    await writeFile(path, 'not a database, but long enough to be looked at as one'.repeat(100));
    const opening = openSqliteStore(path);
    await expect(opening).rejects.toMatchObject({ code: 'coordinator/state-unreadable' });
  });
});
