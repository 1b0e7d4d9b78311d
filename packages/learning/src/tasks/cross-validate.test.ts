import { mkdir, mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { silentLogger, systemClock } from '@fedvox/base/system';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { jobOfModel } from '../bundle/saved-model.js';
import { writeBallDataset } from '../testing/phantom-dataset.js';
import { ballJob } from '../testing/phantoms.js';
import { type CrossValidation, crossValidate } from './cross-validate.js';
import { evaluateSavedModel } from './evaluate-model.js';

let folder: string;
let found: CrossValidation;
const epochs: string[] = [];
const input = async () => ({
  job: ballJob(),
  datasets: [{ kind: 'msd' as const, path: join(folder, 'balls') }],
  cacheDir: join(folder, 'cache'),
  engine: 'cpu' as const,
  seedLabel: 'folds',
  clock: systemClock,
  log: silentLogger(),
});

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'fedvox-folds-'));
  await writeBallDataset(join(folder, 'balls'), 7);
  await mkdir(join(folder, 'models'));
  found = await crossValidate(await input(), {
    ...{ folds: 3, epochs: 2, outputDir: join(folder, 'models') },
    onEpoch: (fold, { epoch }) => epochs.push(`${fold}: ${epoch}`),
  });
}, 120_000);
afterAll(() => rm(folder, { recursive: true }));

describe('cross-validation', () => {
  it('trains for every fold and keeps its best model, which says of which fold it is', async () => {
    expect(epochs).toEqual(['1: 1', '1: 2', '2: 1', '2: 2', '3: 1', '3: 2']);
    expect(await readdir(join(folder, 'models'))).toEqual(
      [1, 2, 3].map((fold) => `fold-${fold}.safetensors`),
    );
    const job = await jobOfModel(join(folder, 'models', 'fold-2.safetensors'));
    expect(job.evaluation.fold).toEqual({ number: 2, of: 3 });
  });

  it('measures every case once, by the model that was not trained on it', async () => {
    const { folds, evaluation } = found;
    const names = evaluation.perCase.map(({ caseId }) => caseId).sort();
    expect(names).toEqual(Array.from({ length: 7 }, (_, index) => `ball_${index}`));
    expect(folds.map((one) => one.evaluation?.validationCases)).toEqual([2, 3, 2]);
    const path = join(folder, 'models', 'fold-2.safetensors');
    const job = await jobOfModel(path);
    const alone = await evaluateSavedModel({ ...(await input()), job }, path, 'validation');
    expect(alone.perCase).toEqual(folds[1]?.evaluation?.perCase);
    expect(evaluation.perCase).toEqual(
      expect.arrayContaining(alone.perCase as (typeof alone.perCase)[number][]),
    );
  });

  it('takes means over all cases, and the AUC as the mean of the folds’', () => {
    const { folds, evaluation } = found;
    const dices = evaluation.perCase.map(({ dice }) => dice as number);
    expect(evaluation.dice).toBeCloseTo(
      dices.reduce((sum, dice) => sum + dice, 0) / dices.length,
      12,
    );
    const aucs = folds.map((one) => one.evaluation?.auc as number);
    expect(evaluation.auc).toBeCloseTo(aucs.reduce((sum, auc) => sum + auc, 0) / 3, 12);
  });
});
