import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sha256 } from '@fedvox/base';
import { encodeJob, jobSchema } from '@fedvox/job';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { RegisteredJob } from './job-registry.js';
import { type ResultSources, rateCutsOf } from './job-results.js';

const written = {
  name: 'tiny',
  classes: ['background', 'lesion'],
  preprocess: [{ kind: 'orient' }],
  network: { kind: 'unet', channels: [4, 8], strides: [2] },
  training: { batchSize: 1, schedule: { kind: 'plateau', patience: 0 } },
  evaluation: { bestBy: 'dice', auc: { level: 'case', classes: ['lesion'] } },
  federation: { rounds: 9, minSites: 2 },
  seed: 1,
};
/** Of the model that each round begins with: the untrained one, then one that no other is better than. */
const DICE = [0.9, 0.5, 0.5, 0.5, 0.5];
const SITES = ['east', 'north'];

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'fedvox-job-results-'));
});
afterAll(() => rm(folder, { recursive: true }));

/** What is stored while round `present` is open, and those sites have answered in it. */
async function cutsIn(present: number, answered: readonly string[], job: object = written) {
  const path = join(folder, 'job.json');
  await writeFile(path, encodeJob(jobSchema.parse(job)));
  const figures = Array.from({ length: present }, (_, at) => at + 1).flatMap((round) =>
    (round < present ? SITES : answered).map((site) => ({
      ...{ round, site, weight: 1 },
      figures: { dice: DICE[round - 1] ?? null, auc: null },
    })),
  );
  const rounds = Array.from({ length: present - 1 }, (_, at) => ({
    ...{ work: 'train', model: sha256(`model of round ${at + 1}`) },
  }));
  const plan = { jobId: 'tiny-1', maxShare: null, initialModel: sha256('initial') };
  const sources = {
    store: { rounds: async () => rounds, figures: async () => figures },
    blobs: { path: async () => path },
  };
  return rateCutsOf(
    { jobSha256: sha256('job'), state: { plan } } as unknown as RegisteredJob,
    present,
    sources as unknown as ResultSources,
  );
}

describe('how often a plateau has cut the rate of a round', () => {
  it('goes by the models that rounds before have scored, without the untrained one', async () => {
    const cuts = [1, 2, 3, 4, 5].map((round) => cutsIn(round, []));
    expect(await Promise.all(cuts)).toEqual([0, 0, 0, 1, 2]);
  });

  it('is the same whoever has answered in the round itself', async () => {
    for (const answered of [[], ['east'], SITES]) expect(await cutsIn(4, answered)).toBe(1);
  });

  it('is never where the job has another schedule', async () => {
    const training = { batchSize: 1, schedule: { kind: 'step', every: 1 } };
    expect(await cutsIn(5, [], { ...written, training })).toBe(0);
  });
});
