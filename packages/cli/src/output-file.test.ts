import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { prepareOutput } from './output-file.js';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'fedvox-output-'));
});
afterEach(() => rm(folder, { recursive: true }));

describe('the place of an output', () => {
  it('is made where it is missing, and nothing is left in it', async () => {
    await prepareOutput(join(folder, 'new', 'model.safetensors'));
    expect(await readdir(join(folder, 'new'))).toEqual([]);
  });

  it('is refused where it is a folder, or lies below a file', async () => {
    await mkdir(join(folder, 'taken'));
    await expect(prepareOutput(join(folder, 'taken'))).rejects.toMatchObject({
      code: 'cli/output-unwritable',
      message: expect.stringContaining('it is a folder'),
    });
    await writeFile(join(folder, 'file'), 'a file');
    await expect(prepareOutput(join(folder, 'file', 'model'))).rejects.toMatchObject({
      code: 'cli/folder-unwritable',
    });
  });
});
