import { mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { silentLogger, systemClock } from '@fedvox/base/system';
import { openDataset, readCase } from '@fedvox/imaging';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { saveModel } from '../bundle/saved-model.js';
import { dice, overlaps } from '../metrics/dice.js';
import { initialModel } from '../networks/network.js';
import { evaluateSavedModel, type ModelEvaluationInput } from '../tasks/evaluate-model.js';
import { writeBallDataset } from '../testing/phantom-dataset.js';
import { ballJob, lesionJob } from '../testing/phantoms.js';
import { readPrediction } from './kept-prediction.js';
import { findReviews } from './review-record.js';

let folder: string;
let input: ModelEvaluationInput;
const here = (name: string) => join(folder, name);

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'fedvox-kept-review-'));
  await saveModel(here('balls.safetensors'), ballJob(), initialModel(ballJob()));
  input = {
    ...{ job: ballJob(), datasets: [await writeBallDataset(here('balls'), 3)] },
    ...{ cacheDir: here('cache'), engine: 'cpu', reviewFolder: here('reviews') },
    ...{ clock: systemClock, log: silentLogger() },
  };
});
afterAll(() => rm(folder, { recursive: true }));

describe('an evaluation that is kept for review', () => {
  it('has the figures that are told, and the drawings that they are of', async () => {
    const { perCase } = await evaluateSavedModel(input, here('balls.safetensors'));
    const [review, ...others] = await findReviews(here('reviews'));
    expect(others).toEqual([]);
    const { record, id } = review!;
    expect(record).toMatchObject({ model: 'balls.safetensors', job: 'balls', split: 'all' });
    const told = perCase.map(({ site: _, ...one }) => one);
    expect(record.cases.map(({ contentKey: _, prediction: __, ...one }) => one)).toEqual(told);
    const { cases } = await openDataset(record.dataset, record.classes);
    for (const { caseId, prediction, dice: figure } of record.cases) {
      const ref = cases.find((one) => one.caseId === caseId)!;
      const { label } = await readCase(ref, record.classes);
      const drawn = await readPrediction(join(here('reviews'), id), prediction, label!);
      expect(dice(overlaps(drawn.data, label!.data, 2)[1]!)).toBe(figure);
    }
  });

  it('takes the place of the last one of the same model, and is its owner’s alone', async () => {
    const [first] = await findReviews(here('reviews'));
    await evaluateSavedModel(input, here('balls.safetensors'));
    const [second, ...others] = await findReviews(here('reviews'));
    expect(others).toEqual([]);
    expect(second?.id).toBe(first?.id);
    expect(second!.record.atMs).toBeGreaterThan(first!.record.atMs);
    expect(await readdir(here('reviews'))).toEqual([second!.id]);
    const file = await stat(join(here('reviews'), second!.id, '0001.nii.gz'));
    expect(file.mode & 0o077).toBe(0);
  });

  it('is refused by name for several folders, for classes of cases, and where it was damaged', async () => {
    const model = here('balls.safetensors');
    const twice = { ...input, datasets: [...input.datasets, ...input.datasets] };
    await expect(evaluateSavedModel(twice, model)).rejects.toThrow('the cases of one folder');
    const ofCases = { ...input, job: lesionJob() };
    await expect(evaluateSavedModel(ofCases, model)).rejects.toThrow('the class of whole cases');
    const [review] = await findReviews(here('reviews'));
    await writeFile(join(here('reviews'), review!.id, 'review.json'), '{"version":1}');
    await expect(findReviews(here('reviews'))).rejects.toThrow('cannot be read');
    expect(await findReviews(here('nothing'))).toEqual([]);
  });
});
