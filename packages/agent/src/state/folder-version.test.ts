import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { programVersion, systemClock } from '@fedvox/base/system';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { bringForward, type FolderMigration } from './folder-version.js';
import { openStateFolder } from './open-state-folder.js';
import { returnFolder } from './return-folder.js';
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
      expect(said()).toBe(`{"program":"${programVersion()}","version":1}\n`);
    }
  });

  it('that an agent left which said no version is opened with all that is in it', async () => {
    writeFileSync(folder.counter, '{"counter":7}\n');
    await (await open()).lock.release();
    expect(said()).toBe(`{"program":"${programVersion()}","version":1}\n`);
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

/** Of made-up versions, each of several writes; a kill is an error between any two of them. */
const steps = (alive: () => void): FolderMigration[] => [
  {
    touches: () => [file('ward.txt'), file('ward.json'), file('beds.json')],
    migrate: async () => {
      alive();
      if (existsSync(file('ward.txt'))) await rename(file('ward.txt'), file('ward.json'));
      alive();
      await writeFile(file('beds.json'), '12');
      alive();
    },
  },
  {
    touches: () => [file('beds.json'), folder.outbox],
    migrate: async () => {
      alive();
      await writeFile(file('beds.json'), '{"beds":12}');
      alive();
      await rm(join(folder.outbox, 'old'), { force: true });
      await writeFile(join(folder.outbox, 'new'), 'second form');
      alive();
    },
  },
];
const unkilled = steps(() => undefined);
const opener = { program: '0.2.0', nowMs: 7 };

/** A site's folder as an agent of version 1 left it. */
function leaveOldFolder(): void {
  for (const name of readdirSync(folder.root)) rmSync(file(name), { recursive: true });
  mkdirSync(folder.outbox);
  writeFileSync(folder.enrolment, '{"site":"north"}');
  writeFileSync(folder.egressLedger, 'evidence');
  writeFileSync(file('ward.txt'), 'west');
  writeFileSync(join(folder.outbox, 'old'), 'first form');
}

/** Every file by its path, without the copies' digests and those that were set aside. */
function content(): Readonly<Record<string, string>> {
  const names = readdirSync(folder.root, { recursive: true }) as string[];
  return Object.fromEntries(
    names
      .filter((name) => statSync(file(name)).isFile() && !/copy\.json$|^after-/.test(name))
      .map((name) => [name, readFileSync(file(name), 'utf8')]),
  );
}

const OLD = {
  'enrolment.json': '{"site":"north"}',
  'egress.jsonl': 'evidence',
  'ward.txt': 'west',
  'outbox/old': 'first form',
};
const KEPT = { 'before-0.2.0/ward.txt': 'west', 'before-0.2.0/outbox/old': 'first form' };
const NEW = {
  'enrolment.json': '{"site":"north"}',
  'egress.jsonl': 'evidence',
  'ward.json': 'west',
  'beds.json': '{"beds":12}',
  'outbox/new': 'second form',
  'version.json': '{"program":"0.2.0","version":3}\n',
};

describe('bringing a state folder forward', () => {
  it('takes one version after the other, and only those that are missing', async () => {
    const taken: number[] = [];
    const migrations = [1, 2, 3].map((version) => ({
      touches: () => [],
      migrate: async () => void taken.push(version),
    }));
    await bringForward(folder, opener, migrations.slice(0, 1));
    expect([said(), taken]).toEqual(['{"program":"0.2.0","version":2}\n', [1]]);
    await bringForward(folder, opener, migrations);
    await bringForward(folder, opener, migrations);
    expect([said(), taken]).toEqual(['{"program":"0.2.0","version":4}\n', [1, 2, 3]]);
  });

  it('keeps what it changes as it was, and nothing of a folder that was just made', async () => {
    await bringForward(folder, opener, [{ touches: () => [], migrate: async () => undefined }]);
    expect(Object.keys(content())).toEqual(['version.json']);
    leaveOldFolder();
    await bringForward(folder, opener, unkilled);
    expect(content()).toEqual({ ...NEW, ...KEPT });
  });

  it('is refused to an older program while it is under way, for it would misread what it finds', async () => {
    leaveOldFolder();
    let left = 3;
    const dying = steps(() => {
      if (--left < 0) throw new Error('killed');
    });
    await expect(bringForward(folder, opener, dying)).rejects.toThrow('killed');
    await expect(open()).rejects.toMatchObject({
      code: 'agent/state-too-new',
      details: { version: 3, known: 1 },
    });
  });

  it('ends in the same folder, with the same copy, however often it is killed on the way', async () => {
    const lives = fc.array(fc.integer({ min: 1, max: 6 }), { maxLength: 6 });
    await fc.assert(
      fc.asyncProperty(lives, async (lived) => {
        leaveOldFolder();
        for (const life of [...lived, Number.POSITIVE_INFINITY]) {
          let left = life;
          const alive = () => {
            if (--left < 0) throw new Error('killed');
          };
          await bringForward(folder, opener, steps(alive)).catch((error: Error) =>
            expect(error.message).toBe('killed'),
          );
        }
        expect(content()).toEqual({ ...NEW, ...KEPT });
      }),
      { numRuns: 40 },
    );
  });
});

describe('going back', () => {
  const back = () => returnFolder(folder.root, systemClock);

  it('puts back what was changed, whole or half, and sets aside what was there', async () => {
    for (const life of [3, 5, Number.POSITIVE_INFINITY]) {
      leaveOldFolder();
      let left = life;
      const dying = steps(() => {
        if (--left < 0) throw new Error('killed');
      });
      const brought = bringForward(folder, opener, dying);
      if (life > 6) await brought;
      else await expect(brought).rejects.toThrow('killed');
      writeFileSync(folder.egressLedger, 'evidence, and more');
      const done = await back();
      expect(done).toMatchObject({ version: 1, takenAtMs: 7, aside: file('after-0.2.0') });
      expect(content()).toEqual({
        ...OLD,
        'egress.jsonl': 'evidence, and more',
        'version.json': '{"version":1}\n',
      });
      expect(readFileSync(file('after-0.2.0/ward.json'), 'utf8')).toBe('west');
      await (await open()).lock.release();
      await expect(back()).rejects.toMatchObject({ code: 'agent/no-way-back' });
    }
  });

  it('is finished when it is asked for again, and no agent starts before', async () => {
    leaveOldFolder();
    await bringForward(folder, opener, unkilled);
    const versionAfter = JSON.parse(said());
    // As a kill leaves it: some set aside, some put back, some neither.
    const goingBack = { copy: 'before-0.2.0', aside: 'after-0.2.0' };
    writeFileSync(folder.version, JSON.stringify({ ...versionAfter, goingBack }));
    mkdirSync(file('after-0.2.0'));
    await rename(file('ward.json'), file('after-0.2.0/ward.json'));
    await expect(bringForward(folder, opener, unkilled)).rejects.toMatchObject({
      code: 'agent/state-half-back',
    });
    await back();
    expect(content()).toEqual({ ...OLD, 'version.json': '{"version":1}\n' });
  });

  it('changes nothing where a byte of the copy is another', async () => {
    leaveOldFolder();
    await bringForward(folder, opener, unkilled);
    writeFileSync(file('before-0.2.0/ward.txt'), 'east');
    const before = content();
    await expect(back()).rejects.toMatchObject({ code: 'base/copy-unusable' });
    expect(content()).toEqual(before);
  });
});
