import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { seededRandom } from '@fedvox/base';
import { type Logger, silentLogger, systemClock } from '@fedvox/base/system';
import { type DatasetSpec, writeDicomSeries } from '@fedvox/imaging';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { saveModel } from '../bundle/saved-model.js';
import { initialModel } from '../networks/network.js';
import { writeBall, writeBallDataset } from '../testing/phantom-dataset.js';
import { ballCase, ballJob } from '../testing/phantoms.js';
import { evaluateSavedModel, testSavedModel } from './evaluate-model.js';
import { predictFile } from './predict-file.js';
import { checkTestData } from './unseen-cases.js';

let folder: string;
let training: DatasetSpec;
let model: string;
const here = (name: string) => join(folder, name);

const input = (datasets: DatasetSpec[], log: Logger = silentLogger()) => ({
  cacheDir: here('cache'),
  engine: 'cpu' as const,
  clock: systemClock,
  log,
  job: ballJob(),
  datasets,
});

/** A training case's scan under another name, with another label. */
async function givenAway(name: string, at: number) {
  const { image } = ballCase(seededRandom(`ball_${at}.nii.gz`));
  const { label } = ballCase(seededRandom('another reader'));
  await writeBall(here('elsewhere'), name, { image, label });
}

/** A scan of its own, with what the model finds in it as its label. */
async function writeSeries(parent: string, identity: string, patientId: string): Promise<void> {
  const inputPath = join(parent, identity);
  await writeDicomSeries(inputPath, ballCase(seededRandom(identity)).image, {
    ...{ identity, patientId, patientName: 'Phantom', modality: 'MR', createdAt: new Date(0) },
  });
  const outputPath = join(inputPath, 'label.dcm');
  const { datasets: _, ...settings } = input([]);
  await predictFile({ ...settings, modelPath: model, inputPath, outputPath });
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'fedvox-unseen-'));
  training = await writeBallDataset(here('training'), 4);
  model = here('model.safetensors');
  await saveModel(model, ballJob(), initialModel(ballJob()));
});
afterAll(() => rm(folder, { recursive: true }));

describe('an external test set', () => {
  it('has none of the scans that a training has, whatever their name and label', async () => {
    const elsewhere = await writeBallDataset(here('elsewhere'), 5);
    // Names say nothing: all but the last two are other scans than the training's of that name.
    for (const at of [0, 1, 2]) {
      const name = `ball_${at}.nii.gz`;
      await writeBall(here('elsewhere'), name, ballCase(seededRandom(`elsewhere ${at}`)));
    }
    await givenAway('ball_3.nii.gz', 0);
    await givenAway('ball_4.nii.gz', 2);
    const told: unknown[] = [];
    const log = { ...silentLogger(), warn: (what: unknown) => told.push(what) } as Logger;
    const test = { ...input([elsewhere], log), trainedOn: [training] };
    expect(await checkTestData(test)).toBe(3);
    expect(told.slice(-2)).toEqual([
      { case: 'ball_3', trainedOn: 'ball_0' },
      { case: 'ball_4', trainedOn: 'ball_2' },
    ]);
    const { validationCases, perCase } = await testSavedModel(test, model);
    expect(validationCases).toBe(3);
    const all = await evaluateSavedModel(input([elsewhere]), model);
    expect(perCase).toEqual(all.perCase.slice(0, 3));
  });

  it('has no scan of a patient that DICOM says a training has', async () => {
    const hospital = async (name: string, patients: readonly string[]): Promise<DatasetSpec> => {
      for (const patientId of patients)
        await writeSeries(here(name), `${name}-${patientId}`, patientId);
      return { kind: 'dicom', path: here(name), predictions: 'use' };
    };
    const trainedOn = [await hospital('north', ['1', '2'])];
    const test = { ...input([await hospital('south', ['2', '3', '4'])]), trainedOn };
    expect(await checkTestData(test)).toBe(2);
  });

  it('is none where the training knows all of it', async () => {
    await expect(
      testSavedModel({ ...input([training]), trainedOn: [training] }, model),
    ).rejects.toMatchObject({ code: 'learning/no-unseen-cases', details: { cases: 4 } });
  });
});
