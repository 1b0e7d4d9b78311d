import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sha256 } from '@fedvox/base';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Sides } from './patient-split.js';
import { splitMemory } from './split-memory.js';

const job = sha256('job');
const sides: Sides = new Map([
  [sha256('a'), 'train'],
  [sha256('b'), 'validation'],
]);

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'fedvox-splits-'));
});
afterEach(() => rm(folder, { recursive: true }));

describe('what a site remembers of a split', () => {
  it('is what it wrote for the same job, and nothing before that or for another', async () => {
    const memory = splitMemory(join(folder, 'splits'), job);
    expect(await memory.read()).toEqual(new Map());
    await memory.write(sides);
    expect(await memory.read()).toEqual(sides);
    expect(await splitMemory(join(folder, 'splits'), sha256('other')).read()).toEqual(new Map());
  });

  it('is written only where something is new', async () => {
    const memory = splitMemory(folder, job);
    await memory.write(sides);
    const path = join(folder, `${job}.json`);
    const { ino } = await stat(path);
    await memory.write(new Map(sides));
    expect((await stat(path)).ino).toBe(ino);
    expect(await readdir(folder)).toEqual([`${job}.json`]);
  });

  it.each(['{', '[]x', '{"PID-7":"train"}', `{"${sha256('a')}":"test"}`])(
    'is never taken for nothing where it is damaged: %s',
    async (text) => {
      const path = join(folder, `${job}.json`);
      await writeFile(path, text);
      await expect(splitMemory(folder, job).read()).rejects.toMatchObject({
        code: 'learning/split-unreadable',
      });
      expect(await readFile(path, 'utf8')).toBe(text);
    },
  );
});
