import { chmod, mkdir, mkdtemp, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { makePrivateFolder } from './private-folder.js';

let parent: string;
let folder: string;
beforeEach(async () => {
  parent = await mkdtemp(join(tmpdir(), 'fedvox-private-'));
  folder = join(parent, 'state');
});
afterEach(() => rm(parent, { recursive: true }));

const modeOf = async (...path: string[]) => (await stat(join(parent, ...path))).mode & 0o777;

describe('a private folder', () => {
  it('is its owner’s alone, and so is what anybody in this process writes afterwards', async () => {
    await makePrivateFolder(folder);
    await mkdir(join(folder, 'spool'));
    await writeFile(join(folder, 'spool', 'delta'), '');
    expect(await modeOf('state')).toBe(0o700);
    expect(await modeOf('state', 'spool')).toBe(0o700);
    expect(await modeOf('state', 'spool', 'delta')).toBe(0o600);
  });

  it('is tightened with all that is in it where it was open to others', async () => {
    await mkdir(join(folder, 'blobs'), { recursive: true });
    await writeFile(join(folder, 'state.sqlite-wal'), '');
    await writeFile(join(folder, 'blobs', 'model'), '');
    for (const path of [folder, join(folder, 'blobs')]) await chmod(path, 0o755);
    for (const path of ['state.sqlite-wal', 'blobs/model']) await chmod(join(folder, path), 0o664);
    await makePrivateFolder(folder);
    expect(await modeOf('state')).toBe(0o700);
    expect(await modeOf('state', 'blobs')).toBe(0o700);
    expect(await modeOf('state', 'state.sqlite-wal')).toBe(0o600);
    expect(await modeOf('state', 'blobs', 'model')).toBe(0o600);
  });

  it('leaves alone what a link in it leads to, and its parent', async () => {
    const elsewhere = join(parent, 'scans');
    await mkdir(elsewhere);
    await chmod(elsewhere, 0o755);
    await chmod(parent, 0o755);
    await mkdir(folder);
    await symlink(elsewhere, join(folder, 'link'));
    await makePrivateFolder(folder);
    expect(await modeOf('scans')).toBe(0o755);
    expect(await modeOf()).toBe(0o755);
  });
});
