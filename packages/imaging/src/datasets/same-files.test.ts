import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { temporaryFolder } from '../testing/temporary-folder.js';
import { sameFiles } from './same-files.js';

it('groups files by their bytes: neither size nor middle alone makes two the same', async () => {
  const folder = await temporaryFolder();
  const bytes = (first: number, length = 20_000) => {
    const all = Buffer.alloc(length, 7);
    all[0] = first;
    return all;
  };
  const contents = [bytes(1), bytes(2), bytes(1), bytes(1, 20_001), bytes(2), Buffer.alloc(0)];
  const paths = contents.map((_, at) => join(folder, `${at}`));
  for (const [at, content] of contents.entries()) await writeFile(paths[at]!, content);
  await mkdir(join(folder, 'a-folder'));
  const unreadable = [join(folder, 'gone'), join(folder, 'gone'), join(folder, 'a-folder')];
  expect(await sameFiles([...paths, ...unreadable, paths[0]!])).toEqual([
    [0, 2, 9],
    [1, 4],
  ]);
});
