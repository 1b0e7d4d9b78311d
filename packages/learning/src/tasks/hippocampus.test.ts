import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { silentLogger, systemClock, testDataDir } from '@fedvox/base/system';
import type { DatasetSpec } from '@fedvox/imaging';
import { type Job, type JobInput, jobSchema } from '@fedvox/job';
import { torchAvailability } from '@fedvox/tfjs-backend-torch';
import { encodeWeights } from '@fedvox/weights';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { initialModel } from '../networks/network.js';
import type { TrainingInput } from './input.js';
import { evaluateAndTrain } from './round.js';
import { checkData } from './site-data.js';

const data = testDataDir();

/** The federation's job, its network made small enough for a test. */
const job: Job = jobSchema.parse({
  name: 'hippocampus',
  classes: ['background', 'anterior', 'posterior'],
  data: { modality: 'MR', minCases: 5, spacingMm: { min: [0.9, 0.9, 0.9], max: [1.1, 1.1, 1.1] } },
  preprocess: [{ kind: 'orient' }, { kind: 'zscore' }, { kind: 'crop-or-pad', size: [40, 56, 40] }],
  augment: [{ kind: 'flip', axes: ['x'] }],
  network: { kind: 'unet', channels: [4, 8], strides: [2], residualUnits: 1 },
  training: { batchSize: 4 },
  evaluation: { bestBy: 'dice', auc: { level: 'voxel', classes: ['anterior', 'posterior'] } },
  federation: { rounds: 1, minSites: 1 },
  seed: 20,
} satisfies JobInput);

const datasets: [string, DatasetSpec, number][] = [
  ['NIfTI', { kind: 'msd', path: join(data ?? '', 'hippocampus'), site: 'site-a' }, 42],
  [
    'DICOM',
    {
      kind: 'dicom',
      path: join(data ?? '', 'hippocampus-dicom', 'site-a'),
      labels: { 'Anterior hippocampus': 'anterior', 'Posterior hippocampus': 'posterior' },
    },
    12,
  ],
];

describe.skipIf(data === undefined)('a site with real hippocampi', () => {
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'fedvox-hippocampus-'));
  });
  afterAll(() => rm(folder, { recursive: true }));

  const inputFor = (dataset: DatasetSpec): TrainingInput => ({
    job,
    dataset,
    cacheDir: join(folder, 'cache'),
    engine: 'auto',
    threads: 2,
    seedLabel: 'site-a/1',
    clock: systemClock,
    log: silentLogger(),
  });

  it.each(datasets)('passes the gate with every case: %s', async (_, dataset, usable) => {
    const report = await checkData(inputFor(dataset));
    expect(report).toMatchObject({ usable, refused: [], problems: [] });
    expect(report.train + report.validation).toBe(usable);
  });

  it.skipIf(!torchAvailability().available)(
    'evaluates and trains from DICOM with figures for both labels',
    async () => {
      const basePath = join(folder, 'base.safetensors');
      await writeFile(basePath, encodeWeights(initialModel(job)));
      const [, dicom] = datasets[1]!;
      const deltaPath = join(folder, 'delta.safetensors');
      const { evaluation, update } = await evaluateAndTrain(inputFor(dicom), basePath, deltaPath);
      expect(evaluation.validationCases).toBe(2);
      expect(evaluation.perClass.map(({ name, cases }) => [name, cases])).toEqual([
        ['anterior', 2],
        ['posterior', 2],
      ]);
      expect(evaluation.dice).toBeGreaterThanOrEqual(0);
      expect(evaluation.auc).toBeGreaterThan(0);
      expect(update).toMatchObject({ trainCases: 10, epochs: 1 });
    },
  );
});
