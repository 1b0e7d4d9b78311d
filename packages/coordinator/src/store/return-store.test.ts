import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { keptCopies, silentLogger } from '@fedvox/base/system';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { migrate, schemaVersion } from './migrations.js';
import { openStore } from './open-store.js';
import { returnStore } from './return-store.js';
import { SqliteDatabase } from './sqlite-database.js';
import { folderOutlook } from './store-outlook.js';

let stateDir: string;
let path: string;
beforeEach(() => {
  stateDir = mkdtempSync(join(tmpdir(), 'fedvox-return-'));
  path = join(stateDir, 'state.sqlite');
});
afterEach(() => rmSync(stateDir, { recursive: true }));

const OLD_VERSION = 12;
const opener = { program: '0.2.0', nowMs: 1_000, log: silentLogger() };
const back = (discardSince = false) => returnStore({ stateDir, discardSince });

/** Runs one after the other, by itself. */
async function inFile<T>(work: (database: SqliteDatabase) => Promise<T>): Promise<T> {
  const database = await SqliteDatabase.open(path);
  return work(database).finally(() => database.close());
}

async function leaveOldState(): Promise<void> {
  await inFile(async (database) => {
    await migrate(database, OLD_VERSION);
    await database.transaction((session) =>
      session.run("INSERT INTO certificates VALUES ('0a', 'north', 'key', 'PEM', 5, NULL)"),
    );
  });
}

const versionNow = () => inFile((database) => database.read(schemaVersion));

async function acceptUpdate(acceptedAtMs: number): Promise<void> {
  await inFile((database) =>
    database.transaction(async (session) => {
      await session.run(`INSERT OR IGNORE INTO jobs (job_id, name, job_sha256, submitted_at_ms, state)
        VALUES ('job', 'a-job', 'sha', 5, '{"version":3}')`);
      await session.run(
        `INSERT INTO updates (statement_sha256, job_id, round, site, weight, counter, key_id,
           accepted_at_ms, statement_envelope, receipt_envelope)
         VALUES (?, 'job', ?, 'north', 1, 1, 'key', ?, '{}', '{}')`,
        `st${acceptedAtMs}`,
        acceptedAtMs,
        acceptedAtMs,
      );
    }),
  );
}

describe('a coordinator’s state of an older version', () => {
  it('is kept as it was, once, and gone back to', async () => {
    await leaveOldState();
    await acceptUpdate(500);
    for (let start = 0; start < 2; start++) await (await openStore(stateDir, opener)).close();
    const [copy, ...others] = await keptCopies(stateDir);
    expect(others).toEqual([]);
    expect(copy?.note).toMatchObject({
      program: '0.2.0',
      from: OLD_VERSION,
      paths: ['state.sqlite'],
    });
    expect(await versionNow()).toBe(copy?.note.to);

    const aside = join(stateDir, 'after-0.2.0');
    expect(await back()).toEqual({
      version: OLD_VERSION,
      takenAtMs: 1_000,
      aside,
      updatesSince: 0,
    });
    expect(await versionNow()).toBe(OLD_VERSION);
    expect(readdirSync(stateDir).sort()).toEqual(['after-0.2.0', 'state.sqlite']);
    await expect(back()).rejects.toMatchObject({ code: 'coordinator/no-way-back' });
    const store = await openStore(stateDir, opener);
    expect((await store.certificates()).map(({ site }) => site)).toEqual(['north']);
    await store.close();
  });

  it('is not gone back to over updates that were accepted since, unless that is said', async () => {
    await leaveOldState();
    await (await openStore(stateDir, opener)).close();
    const migrated = await versionNow();
    await acceptUpdate(2_000);
    await acceptUpdate(3_000);
    await expect(back()).rejects.toMatchObject({
      code: 'coordinator/way-back-loses',
      details: { count: 2, since: '1970-01-01T00:00:01.000Z' },
    });
    expect(await versionNow()).toBe(migrated);
    expect(await back(true)).toMatchObject({ version: OLD_VERSION, updatesSince: 2 });
    // What was gone back from is whole.
    const aside = await SqliteDatabase.open(join(stateDir, 'after-0.2.0', 'state.sqlite'));
    const count = 'SELECT COUNT(*) AS count FROM updates';
    expect(await aside.read((session) => session.get(count))).toEqual({ count: 2 });
    await aside.close();
  });

  it('is left alone while a coordinator has it, or where its copy is damaged', async () => {
    await leaveOldState();
    const store = await openStore(stateDir, opener);
    await expect(back()).rejects.toMatchObject({ code: 'coordinator/state-in-use' });
    await store.close();
    writeFileSync(join(stateDir, 'before-0.2.0', 'state.sqlite'), 'nothing');
    await expect(back()).rejects.toMatchObject({ code: 'base/copy-unusable' });
    expect(readdirSync(stateDir).sort()).toEqual(['before-0.2.0', 'state.sqlite']);
  });
});

describe('what an upgrade would make of a coordinator’s state', () => {
  it('is told without a change of it: what migrates, who opened it last, what is kept', async () => {
    await leaveOldState();
    const before = await folderOutlook(stateDir);
    expect(before).toMatchObject({
      lastProgram: null,
      canGoOn: true,
      migrates: true,
      wayBack: 'copy',
    });
    expect(before.formats[0]).toMatchObject({ lies: `version ${OLD_VERSION}`, fate: 'migrates' });
    expect(await versionNow()).toBe(OLD_VERSION);
    await (await openStore(stateDir, opener)).close();
    const after = await folderOutlook(stateDir);
    expect(after).toMatchObject({ lastProgram: '0.2.0', migrates: false, wayBack: 'not-needed' });
    expect(after.copies).toMatchObject([{ program: '0.2.0', from: OLD_VERSION, takenAtMs: 1_000 }]);
  });

  it('is that it cannot go on, where a newer version wrote it', async () => {
    await leaveOldState();
    await inFile((database) =>
      database.transaction((session) => session.run('PRAGMA user_version = 99')),
    );
    const outlook = await folderOutlook(stateDir);
    expect(outlook).toMatchObject({ canGoOn: false, migrates: false });
    expect(outlook.formats).toMatchObject([{ lies: 'version 99', fate: 'too-new' }]);
    await rmSync(path);
    await expect(folderOutlook(stateDir)).rejects.toMatchObject({
      code: 'coordinator/no-state-here',
    });
  });
});
