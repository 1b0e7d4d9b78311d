import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { makeFolder, writeFileDurably } from './durable-file.js';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'fedvox-'));
});
afterEach(() => rm(folder, { recursive: true }));

describe('a durable write', () => {
  it('replaces the file whole, with the asked permissions, and leaves nothing beside it', async () => {
    const path = join(folder, 'key');
    await writeFile(path, 'old and much longer');
    await writeFileDurably(path, 'new', { mode: 0o600 });
    expect(await readFile(path, 'utf8')).toBe('new');
    expect((await stat(path)).mode & 0o777).toBe(0o600);
    expect(await readdir(folder)).toEqual(['key']);
  });

  it('fails where the folder does not exist, and says so', async () => {
    await expect(writeFileDurably(join(folder, 'no', 'file'), 'x')).rejects.toThrow(/ENOENT/);
  });
});

describe('a folder that is made', () => {
  it('is made with its parents, and may be there already', async () => {
    const path = join(folder, 'a', 'b', 'c');
    await makeFolder(path, 0o700);
    await makeFolder(path);
    expect((await stat(path)).mode & 0o777).toBe(0o700);
  });

  it('says why where it cannot be made', async () => {
    await writeFile(join(folder, 'file'), '');
    await expect(makeFolder(join(folder, 'file', 'in'))).rejects.toThrow(/ENOTDIR/);
  });
});
