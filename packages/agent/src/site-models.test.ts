import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { silentLogger, systemClock } from '@fedvox/base/system';
import { directReader } from '@fedvox/imaging';
import { jobSchema } from '@fedvox/job';
import { initialModel } from '@fedvox/learning';
import { encodeWeights } from '@fedvox/weights';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { siteModels } from './site-models.js';
import { KeptRounds } from './state/kept-rounds.js';
import { makeStateFolder, type StateFolder, stateFolder } from './state/state-folder.js';
import { writePhantoms } from './testing/phantom.js';
import { TEST_JOB } from './testing/site.js';
import { runOrder } from './trainer/run-order.js';

/** A network is trained twice: slow on a busy machine, and nothing else. */
vi.setConfig({ testTimeout: 120_000 });

const BASE = 'a'.repeat(64);

let folder: StateFolder;
beforeEach(async () => {
  folder = stateFolder(mkdtempSync(join(tmpdir(), 'fedvox-models-')));
  await makeStateFolder(folder);
});
afterEach(() => rmSync(folder.root, { recursive: true }));

const modelsHere = () => siteModels({ stateDir: folder.root });

it('the models of a site’s own are the latest of each job that has one, with their figures', async () => {
  const kept = new KeptRounds(folder.kept);
  const put = async (job: string, round: number, files: Readonly<Record<string, string>>) => {
    const from = join(folder.work, 'kept');
    mkdirSync(from);
    for (const [name, text] of Object.entries(files)) writeFileSync(join(from, name), text);
    await kept.put(job, round, { baseModel: BASE, delta: null }, from);
  };
  expect(await modelsHere()).toEqual([]);
  const figures = { dice: 0.5, auc: null, validationCases: 3 };
  await put('own', 9, { 'personal.safetensors': '' });
  await put('own', 10, { 'personal.safetensors': '', 'figures.json': JSON.stringify(figures) });
  await put('corrected', 4, { 'correction.safetensors': '' });
  const path = join(folder.kept, 'own', '10', 'personal.safetensors');
  expect(await modelsHere()).toEqual([{ job: 'own', round: 10, path, figures }]);
});

it('a trainer leaves Ditto’s where the agent tells it to, for the site’s own use', async () => {
  const training = { batchSize: 2, optimizer: { kind: 'sgd' }, localSteps: 1 } as const;
  const strategy = { kind: 'ditto', lambda: 0.1 } as const;
  const federation = { ...TEST_JOB.federation, strategy };
  const job = jobSchema.parse({ ...TEST_JOB, training, federation });
  await writePhantoms(join(folder.root, 'data'), 3);
  const baseModelPath = join(folder.root, 'base.safetensors');
  writeFileSync(baseModelPath, encodeWeights(initialModel(job)));
  const after = join(folder.work, 'kept');
  mkdirSync(after);
  const result = await runOrder(
    {
      ...{ site: 'north', dataset: { kind: 'msd', path: join(folder.root, 'data') } },
      ...{ cacheDir: folder.cache, splitsDir: folder.splits, headerIndex: folder.headerIndex },
      ...{ engine: 'cpu', logLevel: 'silent' },
    },
    {
      ...{ job, work: { kind: 'train', round: 1, baseModel: BASE }, baseModelPath },
      ...{ deltaPath: join(folder.work, 'delta.safetensors'), kept: { before: null, after } },
    },
    { reader: directReader, clock: systemClock, log: silentLogger(), onProgress: () => undefined },
  );
  expect(result).toMatchObject({ kind: 'measured', localSteps: 1 });
  expect(readdirSync(after).sort()).toEqual(['figures.json', 'personal.safetensors']);
  const about = { baseModel: BASE, delta: null };
  await new KeptRounds(folder.kept).put(job.name, 1, about, after);
  const [model] = await modelsHere();
  expect(model).toMatchObject({ job: job.name, round: 1, figures: { validationCases: 1 } });
  expect(existsSync(model?.path ?? '')).toBe(true);
});
