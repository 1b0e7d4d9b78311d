import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { jobOfModel, keepJobBeside, loadJob } from './model-job.js';

const JOB = fileURLToPath(new URL('../../../../scenarios/hippocampus-job.yaml', import.meta.url));

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'fedvox-model-job-'));
});
afterEach(() => rm(folder, { recursive: true }));

describe('the job of a model', () => {
  it('is found beside the model where it was kept', async () => {
    const model = join(folder, 'best.safetensors');
    const job = await loadJob(JOB);
    await keepJobBeside(model, job);
    expect(await jobOfModel(model)).toEqual(job);
  });

  it('is the one that is named, whatever stands beside the model', async () => {
    const model = join(folder, 'best.safetensors');
    await writeFile(join(folder, 'best.job.json'), 'not a job');
    expect((await jobOfModel(model, JOB)).name).toBe('hippocampus');
  });

  it('is asked for where there is none', async () => {
    await expect(jobOfModel(join(folder, 'best.safetensors'))).rejects.toMatchObject({
      code: 'simulator/model-job-missing',
      advice: expect.stringContaining('--job'),
    });
  });
});
