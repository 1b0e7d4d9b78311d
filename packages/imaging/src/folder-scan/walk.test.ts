import { mkdir, symlink, writeFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { describe, expect, it } from 'vitest';
import { temporaryFolder } from '../testing/temporary-folder.js';
import { filesUnder } from './walk.js';

async function found(folder: string): Promise<string[]> {
  return (await filesUnder(folder)).map((path) => relative(folder, path));
}

describe('walking a folder', () => {
  it('finds files at any depth in the order of names, and follows links', async () => {
    const folder = await temporaryFolder();
    const elsewhere = await temporaryFolder();
    await mkdir(join(folder, 'b', 'deep'), { recursive: true });
    await writeFile(join(folder, 'b', 'deep', 'one'), '');
    await writeFile(join(folder, 'a'), '');
    await writeFile(join(elsewhere, 'two'), '');
    await symlink(elsewhere, join(folder, 'c'));
    expect(await found(folder)).toEqual(['a', 'b/deep/one', 'c/two']);
  });

  it('ends although links lead in circles or nowhere', async () => {
    const folder = await temporaryFolder();
    await mkdir(join(folder, 'sub'));
    await symlink(folder, join(folder, 'sub', 'loop'));
    await symlink(join(folder, 'gone'), join(folder, 'dangling'));
    await writeFile(join(folder, 'file'), '');
    expect(await found(folder)).toEqual(['file']);
  });

  it('refuses folders nested without end', async () => {
    const folder = await temporaryFolder();
    await mkdir(join(folder, ...Array<string>(40).fill('d')), { recursive: true });
    await expect(filesUnder(folder)).rejects.toMatchObject({ code: 'imaging/folder-too-large' });
  });

  it('takes a file for itself, and says so when there is none', async () => {
    const file = join(await temporaryFolder(), 'file');
    await writeFile(file, '');
    expect(await filesUnder(file)).toEqual([file]);
    await expect(filesUnder(`${file}-not`)).rejects.toMatchObject({
      code: 'imaging/folder-unreadable',
    });
  });
});
