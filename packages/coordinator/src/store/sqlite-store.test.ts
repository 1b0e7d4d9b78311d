import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { submitJob } from '../core/job-machine.js';
import { SqliteDatabase } from './sqlite-database.js';
import { openSqliteStore } from './sqlite-store.js';
import { describeStore, planOf } from './store-contract.js';

let folder: string;
let files = 0;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'fedvox-store-'));
});
afterAll(() => rm(folder, { recursive: true }));

const newPath = () => join(folder, `state-${files++}.sqlite`);

describeStore('a store in a SQLite file', () => openSqliteStore(newPath()));
describeStore('a store in memory', () => openSqliteStore(':memory:'));

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

  it('is refused when it is something else', async () => {
    const path = newPath();
    await writeFile(path, 'not a database, but long enough to be looked at as one'.repeat(100));
    const opening = openSqliteStore(path);
    await expect(opening).rejects.toMatchObject({ code: 'coordinator/state-unreadable' });
  });
});
