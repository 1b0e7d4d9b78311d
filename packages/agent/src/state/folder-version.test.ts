import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { rename, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock } from '@fedvox/base/system';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { bringForward, type FolderMigration } from './folder-version.js';
import { openStateFolder } from './open-state-folder.js';
import { type StateFolder, stateFolder } from './state-folder.js';

let folder: StateFolder;
beforeEach(() => {
  folder = stateFolder(mkdtempSync(join(tmpdir(), 'fedvox-version-')));
});
afterEach(() => rmSync(folder.root, { recursive: true }));

const open = () => openStateFolder(folder.root, systemClock);
const said = () => readFileSync(folder.version, 'utf8');
const file = (name: string) => join(folder.root, name);

describe('a state folder', () => {
  it('says its version once it was opened, and is opened again', async () => {
    for (let opening = 0; opening < 2; opening++) {
      await (await open()).lock.release();
      expect(said()).toBe('{"version":1}\n');
    }
  });

  it('that an agent left which said no version is opened with all that is in it', async () => {
    writeFileSync(folder.counter, '{"counter":7}\n');
    await (await open()).lock.release();
    expect(said()).toBe('{"version":1}\n');
    expect(readFileSync(folder.counter, 'utf8')).toBe('{"counter":7}\n');
  });

  it('of a newer version is refused by its number, and nothing is made or changed in it', async () => {
    writeFileSync(folder.version, '{"version":2,"since":"tomorrow"}');
    await expect(open()).rejects.toMatchObject({
      code: 'agent/state-too-new',
      details: { folder: folder.root, version: 2, known: 1 },
      advice: expect.stringContaining('or a newer one'),
    });
    expect(readdirSync(folder.root)).toEqual(['version.json']);
    expect(said()).toBe('{"version":2,"since":"tomorrow"}');
  });

  it.each(['', '{"version":', '{}', '{"version":"1"}', '{"version":0}'])(
    'that says %j of its version is refused, and left as it is',
    async (text) => {
      writeFileSync(folder.version, text);
      await expect(open()).rejects.toMatchObject({ code: 'agent/state-unreadable' });
      expect(readdirSync(folder.root)).toEqual(['version.json']);
      expect(said()).toBe(text);
    },
  );
});

describe('bringing a state folder forward', () => {
  /** Steps of made-up versions, each of several writes; a kill is an error between any two of them. */
  const steps = (alive: () => void): FolderMigration[] => [
    async () => {
      alive();
      if (existsSync(file('ward.txt'))) await rename(file('ward.txt'), file('ward.json'));
      alive();
      await writeFile(file('beds.json'), '12');
      alive();
    },
    async () => {
      alive();
      await writeFile(file('beds.json'), '{"beds":12}');
      alive();
    },
  ];
  const content = () =>
    Object.fromEntries(
      readdirSync(folder.root).map((name) => [name, readFileSync(file(name), 'utf8')]),
    );

  it('takes one version after the other, and only those that are missing', async () => {
    const taken: number[] = [];
    const migrations = [1, 2, 3].map((version) => async () => void taken.push(version));
    await bringForward(folder, migrations.slice(0, 1));
    expect([said(), taken]).toEqual(['{"version":2}\n', [1]]);
    await bringForward(folder, migrations);
    await bringForward(folder, migrations);
    expect([said(), taken]).toEqual(['{"version":4}\n', [1, 2, 3]]);
  });

  it('ends in the same folder however often it is killed on the way', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.integer({ min: 1, max: 6 }), { maxLength: 6 }),
        async (lives) => {
          for (const name of readdirSync(folder.root)) rmSync(file(name));
          writeFileSync(file('ward.txt'), 'west');
          for (const life of [...lives, Number.POSITIVE_INFINITY]) {
            let left = life;
            const alive = () => {
              if (--left < 0) throw new Error('killed');
            };
            await bringForward(folder, steps(alive)).catch((error: Error) =>
              expect(error.message).toBe('killed'),
            );
          }
          expect(content()).toEqual({
            'ward.json': 'west',
            'beds.json': '{"beds":12}',
            'version.json': '{"version":3}\n',
          });
        },
      ),
      { numRuns: 40 },
    );
  });
});
