import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sha256 } from '@fedvox/base';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { firstModel } from '../tasks/first-model.js';
import { ballJob } from '../testing/phantoms.js';
import { fetchModel } from './fetched-model.js';
import { jobOfModel } from './saved-model.js';

const job = ballJob();
const bytes = firstModel(job);

let folder: string;
let path: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'fedvox-fetched-model-'));
  path = join(folder, 'best.safetensors');
});
afterEach(() => rm(folder, { recursive: true }));

describe('a global model that is fetched', () => {
  it('is one file with its job, and the bare weights are gone', async () => {
    const written = await fetchModel(path, job, sha256(bytes), (bare) => writeFile(bare, bytes));
    expect(written.sha256).toBe(sha256(await readFile(path)));
    expect(await jobOfModel(path)).toEqual(job);
    expect(await readdir(folder)).toEqual(['best.safetensors']);
  });

  it('that breaks off on the way leaves what was there, and nothing else', async () => {
    await writeFile(path, 'an older model');
    const broken = fetchModel(path, job, sha256(bytes), async (bare) => {
      await writeFile(bare, bytes.subarray(0, 100));
      throw new Error('the connection broke');
    });
    await expect(broken).rejects.toThrow('the connection broke');
    expect(await readFile(path, 'utf8')).toBe('an older model');
    expect(await readdir(folder)).toEqual(['best.safetensors']);
  });
});
