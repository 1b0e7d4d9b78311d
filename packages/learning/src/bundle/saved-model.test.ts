import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sha256File } from '@fedvox/base/system';
import { jobDigest } from '@fedvox/job';
import { decodeMetadata, decodeWeights, encodeWeights, type Weights } from '@fedvox/weights';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { initialModel } from '../networks/network.js';
import { ballJob } from '../testing/phantoms.js';
import { jobOfModel, openModel, saveGlobalModel, saveModel } from './saved-model.js';

const job = ballJob();
const weights = initialModel(job);
/** The same network; its outputs are called otherwise. */
const other = ballJob({
  classes: ['background', 'cube'],
  evaluation: { ...job.evaluation, auc: { level: 'voxel', classes: ['cube'] } },
});

let folder: string;
let path: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'fedvox-saved-model-'));
  path = join(folder, 'best.safetensors');
});
afterEach(() => rm(folder, { recursive: true }));

const withValue = (value: number): Weights => {
  const [[name, { shape, data }]] = [...weights] as [
    [string, { shape: number[]; data: Float32Array }],
  ];
  const spoiled = Float32Array.from(data);
  spoiled[0] = value;
  return new Map([...weights, [name, { shape, data: spoiled }]]);
};

describe('a saved model', () => {
  it('carries its job, whatever stands beside it', async () => {
    await writeFile(join(folder, 'best.job.json'), JSON.stringify(other));
    const { sha256 } = await saveModel(path, job, weights);
    expect(sha256).toBe(await sha256File(path));
    expect(await jobOfModel(path)).toEqual(job);
    expect(decodeMetadata(await readFile(path))['fedvox.job_sha256']).toBe(jobDigest(job));
    expect(encodeWeights(await openModel(path, job))).toEqual(encodeWeights(weights));
  });

  it('has a job of its own beside a model whose name differs by the ending alone', async () => {
    await saveModel(join(folder, 'best'), other, weights);
    await saveModel(path, job, weights);
    expect(await jobOfModel(join(folder, 'best'))).toEqual(other);
    expect(await jobOfModel(path)).toEqual(job);
  });

  it('is refused under another job, both jobs named', async () => {
    await saveModel(path, job, weights);
    const refusal = {
      code: 'learning/model-of-another-job',
      message: expect.stringMatching(/balls \(\w+\), not by balls \(/),
    };
    await expect(openModel(path, other)).rejects.toMatchObject(refusal);
    await expect(jobOfModel(path, other)).rejects.toMatchObject(refusal);
  });

  it('is refused where its job was changed after it was saved', async () => {
    const text = JSON.stringify({ ...job, name: 'cubes' });
    const metadata = { 'fedvox.job': text, 'fedvox.job_sha256': jobDigest(job) };
    await writeFile(path, encodeWeights(weights, metadata));
    await expect(jobOfModel(path)).rejects.toMatchObject({ code: 'learning/model-unreadable' });
    await expect(openModel(path, job)).rejects.toMatchObject({ code: 'learning/model-unreadable' });
  });

  it.each([Number.NaN, Number.NEGATIVE_INFINITY])(
    'is never saved with %d in it, nor what was there lost',
    async (value) => {
      await saveModel(path, job, weights);
      const before = await sha256File(path);
      await expect(saveModel(path, job, withValue(value))).rejects.toMatchObject({
        code: 'learning/weights-not-finite',
      });
      expect(await sha256File(path)).toBe(before);
    },
  );

  it('is never opened with a value that is not finite', async () => {
    await writeFile(path, encodeWeights(withValue(Number.NaN)));
    await expect(openModel(path, job)).rejects.toMatchObject({ code: 'learning/model-not-finite' });
    await expect(jobOfModel(path, job)).rejects.toMatchObject({
      code: 'learning/model-not-finite',
    });
  });

  it('is made of a global model, and says which', async () => {
    const bare = join(folder, 'blob');
    await writeFile(bare, encodeWeights(weights));
    const sha256 = await sha256File(bare);
    await saveGlobalModel(path, job, { path: bare, sha256 });
    const bytes = await readFile(path);
    expect(decodeMetadata(bytes)['fedvox.global_model_sha256']).toBe(sha256);
    expect(encodeWeights(decodeWeights(bytes))).toEqual(encodeWeights(weights));
    expect(await jobOfModel(path)).toEqual(job);
  });
});

describe('bare weights', () => {
  beforeEach(() => writeFile(path, encodeWeights(weights)));

  it('are taken with the job that is given', async () => {
    expect(await jobOfModel(path, other)).toEqual(other);
    expect((await openModel(path, job)).size).toBe(weights.size);
  });

  it('are taken with the job that an earlier version kept beside them', async () => {
    await writeFile(join(folder, 'best.job.json'), JSON.stringify(job));
    expect(await jobOfModel(path)).toEqual(job);
  });

  it('are asked for their job where there is none', async () => {
    await expect(jobOfModel(path)).rejects.toMatchObject({
      code: 'learning/model-job-missing',
      advice: expect.stringContaining('--job'),
    });
  });
});
