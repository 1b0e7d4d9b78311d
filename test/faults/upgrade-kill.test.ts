import { execFile } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { keptCopies, verifyCopy } from '@fedvox/base/system';
import { folderOutlook, returnStore } from '@fedvox/coordinator';
import sqlite3 from 'sqlite3';
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { buildPackages } from '../support/coordinator-process.js';
import { RecordedFederation } from '../support/recorded-federation.js';

const PROGRAM = fileURLToPath(new URL('../support/migrating-store.mjs', import.meta.url));
/** The tables' version that the recorded federation has. */
const OLD_VERSION = 4;
/** A few steps of the copy and of the migration stand for all; `npm run kill-sweep` takes every one. */
const EVERY = process.env['FEDVOX_KILL_SWEEP'] === undefined ? 30 : 1;

let recorded: RecordedFederation;
beforeAll(() => buildPackages('coordinator'), 180_000);
afterEach(() => recorded.remove());

/** Opens the recorded state in a process of its own; what ended that. */
async function open(env: Readonly<Record<string, string>> = {}): Promise<string | number> {
  const args = [PROGRAM, JSON.stringify(recorded.config()), '0.2.0'];
  const given = { ...process.env, FEDVOX_STATE: recorded.stateDir, ...env };
  return new Promise((resolve) => {
    const child = execFile(process.execPath, args, { env: given }, () =>
      resolve(child.signalCode ?? child.exitCode ?? 'nothing'),
    );
  });
}

/** All rows of all tables that a version had, as text. */
async function rowsOf(path: string): Promise<string> {
  const database = new sqlite3.Database(path);
  const all = <Row>(sql: string) =>
    new Promise<Row[]>((resolve, reject) => {
      database.all<Row>(sql, (error, rows) => (error === null ? resolve(rows) : reject(error)));
    });
  try {
    const tables = await all<{ name: string; sql: string }>(
      "SELECT name, sql FROM sqlite_master WHERE type = 'table' ORDER BY name",
    );
    const rows = await Promise.all(tables.map(({ name }) => all(`SELECT * FROM ${name}`)));
    return JSON.stringify([await all('PRAGMA user_version'), tables, rows]);
  } finally {
    await new Promise((resolve) => database.close(resolve));
  }
}

const stateFile = () => join(recorded.stateDir, 'state.sqlite');

/** What a coordinator passes that brings the recorded state forward and is not killed. */
async function boundaries(): Promise<readonly string[]> {
  recorded = new RecordedFederation();
  const list = join(recorded.root, 'boundaries');
  expect(await open({ FEDVOX_BOUNDARIES: list })).toBe(0);
  const names = readFileSync(list, 'utf8').trim().split('\n');
  recorded.remove();
  const isTurn = (name: string) => /rename to before-|VACUUM|COMMIT/.test(name);
  return names.filter((name, index) => isTurn(name) || index % EVERY === 0);
}

describe('a coordinator that is killed while it brings its state forward', () => {
  it('has it as it was or as it is to be, and a whole copy of how it was: at any point', async () => {
    const points = await boundaries();
    expect(points.length).toBeGreaterThan(10);
    recorded = new RecordedFederation();
    const before = await rowsOf(stateFile());
    recorded.remove();
    for (const point of points) {
      recorded = new RecordedFederation();
      expect([point, await open({ FEDVOX_DIE_AT: point })]).toEqual([point, 'SIGKILL']);
      const left = await folderOutlook(recorded.stateDir);
      if (left.migrates) expect([point, await rowsOf(stateFile())]).toEqual([point, before]);

      expect([point, await open()]).toEqual([point, 0]);
      expect(await folderOutlook(recorded.stateDir)).toMatchObject({ migrates: false });
      const [copy, ...others] = await keptCopies(recorded.stateDir);
      expect([point, others]).toEqual([point, []]);
      if (copy === undefined) throw new Error(`${point}: no copy was kept`);
      await verifyCopy(copy);
      expect(copy.note.from).toBe(OLD_VERSION);
      expect([point, await rowsOf(join(copy.folder, 'state.sqlite'))]).toEqual([point, before]);
      const drafts = readdirSync(recorded.stateDir).filter((name) => name.startsWith('before-.'));
      expect([point, drafts]).toEqual([point, []]);
      recorded.remove();
    }
    recorded = new RecordedFederation();
  }, 240_000);

  it('goes back to the rows that were there, and forward again', async () => {
    recorded = new RecordedFederation();
    const before = await rowsOf(stateFile());
    expect(await open()).toBe(0);
    await returnStore({ stateDir: recorded.stateDir, discardSince: false });
    expect(await rowsOf(stateFile())).toBe(before);
    expect(existsSync(`${stateFile()}-wal`)).toBe(false);
    rmSync(join(recorded.stateDir, 'after-0.2.0'), { recursive: true });
    expect(await open()).toBe(0);
    expect(await folderOutlook(recorded.stateDir)).toMatchObject({ lastProgram: '0.2.0' });
  });
});
