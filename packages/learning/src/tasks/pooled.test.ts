import { link, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { seededRandom } from '@fedvox/base';
import { sha256File, silentLogger, systemClock } from '@fedvox/base/system';
import { type DatasetSpec, portableVoxels } from '@fedvox/imaging';
import type { Job } from '@fedvox/job';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { jobOfModel, saveModel } from '../bundle/saved-model.js';
import { initialModel } from '../networks/network.js';
import { writeBall, writeBallDataset } from '../testing/phantom-dataset.js';
import { ballCase, ballJob } from '../testing/phantoms.js';
import { CaseStore } from '../training/case-store.js';
import { evaluateSavedModel } from './evaluate-model.js';
import { type PooledOptions, type PooledResult, trainPooled } from './pooled.js';
import { predictFile } from './predict-file.js';
import { openSite } from './site-data.js';

let folder: string;
let balls: DatasetSpec;
let model: string;
const here = (name: string) => join(folder, name);

const settings = () => ({
  cacheDir: here('cache'),
  engine: 'cpu' as const,
  seedLabel: 'pooled',
  clock: systemClock,
  log: silentLogger(),
});

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'fedvox-pooled-'));
  balls = await writeBallDataset(here('balls'), 6);
  model = here('model.safetensors');
  await saveModel(model, ballJob(), initialModel(ballJob()));
});
afterAll(() => rm(folder, { recursive: true }));

describe('pooled training of which nothing was measured', () => {
  const optimizer = { kind: 'adam' as const, learningRate: 1e-12 };

  async function train(job: Job, datasets: DatasetSpec[], output: string) {
    await writeFile(output, 'an older model');
    const result = await trainPooled({ ...settings(), job, datasets }, { epochs: 2, output });
    expect(await readFile(output, 'utf8')).toBe('an older model');
    return result;
  }

  it('has no best model where its metric is undefined, and keeps the last one apart', async () => {
    const healthy = await writeBallDataset(here('healthy'), 6);
    await relabel('healthy', await validating(ballJob(), healthy), () => 0);
    const output = here('undefined.safetensors');
    const { best, unmeasured } = await train(ballJob(), [healthy], output);
    expect(best).toBeNull();
    expect(unmeasured).toMatchObject({ epoch: 2, why: 'undefined' });
    const { path, sha256 } = unmeasured!;
    expect(path).toBe(here('undefined.unmeasured.safetensors'));
    expect(await sha256File(path)).toBe(sha256);
    expect((await jobOfModel(path)).name).toBe('balls');
  });

  it('has no best model where every epoch found nothing: the first of zeros is not the best', async () => {
    const hidden = await writeBallDataset(here('hidden'), 6);
    // The untrained network of this seed does not find the one voxel, and such steps teach it nothing.
    const job = ballJob({ seed: 10, training: { batchSize: 2, optimizer } });
    await relabel('hidden', await validating(job, hidden), (voxel) => (voxel === 292 ? 1 : 0));
    const { epochs, best, unmeasured } = await train(job, [hidden], here('silent.safetensors'));
    expect(epochs.map(({ evaluation }) => evaluation.dice)).toEqual([0, 0]);
    expect(best).toBeNull();
    expect(unmeasured).toMatchObject({ why: 'nothing-found' });
  });
});

describe('pooled training that is interrupted over an older model', () => {
  it('leaves a whole model with the job that made it, not with the older one’s', async () => {
    const { evaluation } = ballJob();
    const auc = { ...evaluation.auc, classes: ['cube'] };
    const older = ballJob({ classes: ['background', 'cube'], evaluation: { ...evaluation, auc } });
    const output = here('interrupted.safetensors');
    await saveModel(output, older, initialModel(older));
    const before = await sha256File(output);
    // Of the AUC every first epoch is the best so far.
    const job = ballJob({ evaluation: { ...evaluation, bestBy: 'auc' } });
    const onEpoch = () => {
      throw new Error('killed');
    };
    const training = trainPooled(
      { ...settings(), job, datasets: [balls] },
      { epochs: 2, output, onEpoch },
    );
    await expect(training).rejects.toThrow('killed');
    expect(await sha256File(output)).not.toBe(before);
    expect(await jobOfModel(output)).toEqual(job);
  });
});

describe('pooled training by a schedule', () => {
  const train = (schedule: Job['training']['schedule'], epochs = 2) => {
    const optimizer = { kind: 'sgd', learningRate: 0.1 } as const;
    // What sites do in a round, which is no matter here.
    const localSteps = 7;
    const training = { batchSize: 2, optimizer, localSteps, ...(schedule && { schedule }) };
    return trainPooled(
      { ...settings(), job: ballJob({ training }), datasets: [balls] },
      { epochs, output: here('scheduled.safetensors') },
    );
  };
  const losses = async (...given: Parameters<typeof train>) =>
    (await train(...given)).epochs.map(({ meanLoss }) => meanLoss);

  it('has an epoch for a round, and with `over: steps` the steps of all epochs', async () => {
    const [first, second] = await losses(undefined);
    const [one, two] = await losses({ kind: 'step', every: 1, factor: 0.5 });
    expect(one).toBe(first);
    expect(two).not.toBe(second);
    const { epochs } = await train(undefined);
    const ofEpoch = Math.ceil((6 - (epochs[0]?.evaluation.validationCases ?? 0)) / 2);
    const bySteps = { kind: 'step', every: ofEpoch, factor: 0.5, over: 'steps' } as const;
    expect(await losses(bySteps)).toEqual([one, two]);
  });

  it('is cut on a plateau of its own epochs', async () => {
    const still = { kind: 'plateau', factor: 0.5, patience: 0, threshold: 0.99, floor: 0 } as const;
    const [plain, cut] = [await losses(undefined, 3), await losses(still, 3)];
    expect(cut.slice(0, 2)).toEqual(plain.slice(0, 2));
    expect(cut[2]).not.toBe(plain[2]);
  });
});

describe('pooled training that is cut off', () => {
  const cutOff = new Error('cut off');
  const path = () => here('cut.checkpoint.safetensors');
  const input = (changes = {}) => ({ ...settings(), job: ballJob(changes), datasets: [balls] });
  const training = (changes: Partial<PooledOptions> = {}, job = {}) =>
    trainPooled(input(job), {
      epochs: 3,
      output: here('cut.safetensors'),
      checkpoint: { path: path(), resume: true },
      ...changes,
    });
  /** Leaves a checkpoint of its first epoch. */
  const cut = () =>
    training({
      onEpoch: ({ epoch }) => {
        if (epoch === 2) throw cutOff;
      },
    });

  it('goes on after the last whole epoch, without its model file too, and ends as if nothing had been', async () => {
    const output = here('calm.safetensors');
    const calm = await trainPooled(input(), { epochs: 3, output });
    await expect(cut()).rejects.toBe(cutOff);
    await rm(here('cut.safetensors'));
    const told: unknown[] = [];
    const resumed = await training({
      checkpoint: { path: path(), resume: true, onResume: (place) => void told.push(place) },
      onEpoch: ({ epoch }) => void told.push(epoch),
    });
    expect(told).toEqual([expect.objectContaining({ epoch: 2, batches: 0 }), 2, 3]);
    expect(await sha256File(here('cut.safetensors'))).toBe(calm.best?.sha256);
    const figures = ({ epochs }: PooledResult) =>
      epochs.map(({ epoch, meanLoss, evaluation }) => ({ epoch, meanLoss, evaluation }));
    expect(figures(resumed)).toEqual(figures(calm));
    expect(resumed.best?.sha256).toBe(calm.best?.sha256);
    await expect(readFile(path())).rejects.toMatchObject({ code: 'ENOENT' });
  });

  it('is not begun anew over what is left of it, nor goes on with another job, nor where it is damaged', async () => {
    await expect(cut()).rejects.toBe(cutOff);
    await expect(training({ checkpoint: { path: path(), resume: false } })).rejects.toMatchObject({
      code: 'learning/checkpoint-there',
    });
    await expect(training({}, { seed: 12 })).rejects.toMatchObject({
      code: 'learning/checkpoint-of-another',
    });
    for (const text of ['', 'no safetensors', '\u0002\0\0\0\0\0\0\0{}']) {
      await writeFile(path(), text);
      await expect(training()).rejects.toMatchObject({ code: 'learning/checkpoint-unreadable' });
    }
    await rm(path());
  });

  it('ends where patience is over', async () => {
    const learningRate = {
      training: { batchSize: 2, optimizer: { kind: 'sgd', learningRate: 1e-12 } },
    };
    const { epochs, best } = await training({ epochs: 9, patience: 2 }, learningRate);
    expect(epochs).toHaveLength((best?.epoch ?? 0) + 2);
    await expect(readFile(path())).rejects.toMatchObject({ code: 'ENOENT' });
  });
});

/** The cases that validate, by their names. */
async function validating(job: Job, dataset: DatasetSpec): Promise<readonly string[]> {
  const input = { ...settings(), job };
  const { validation } = await openSite(input, dataset, new CaseStore(0), portableVoxels);
  return validation.map(({ caseId }) => caseId);
}

/** Gives these cases of a data set other labels. */
async function relabel(
  name: string,
  cases: readonly string[],
  labelOf: (voxel: number) => number,
): Promise<void> {
  for (const caseId of cases) {
    const { image, label } = ballCase(seededRandom(caseId));
    const data = label.data.map((_, voxel) => labelOf(voxel));
    await writeBall(here(name), `${caseId}.nii.gz`, { image, label: { ...label, data } });
  }
}

describe('pooled training on several data sets', () => {
  const validated = async (...datasets: DatasetSpec[]) => {
    const training = { ...settings(), job: ballJob(), datasets };
    const output = here('several.safetensors');
    const { epochs } = await trainPooled(training, { epochs: 1, output });
    return epochs[0]!.evaluation.validationCases;
  };

  it('has cases of one name as the different cases they are, and a case of both once', async () => {
    const copies = await writeBallDataset(here('copies'), 6);
    const namesakes = await writeBallDataset(here('namesakes'), 6);
    for (let at = 0; at < 6; at++) {
      await writeBall(
        here('namesakes'),
        `ball_${at}.nii.gz`,
        ballCase(seededRandom(`other ${at}`)),
      );
    }
    const alone = await validated(balls);
    expect(await validated(balls, namesakes)).toBe(2 * alone);
    expect(await validated(balls, copies)).toBe(alone);
    expect(await validated(balls, balls)).toBe(alone);
  });
});

describe('the evaluation of a saved model', () => {
  const input = (dataset: DatasetSpec, job = ballJob()) => ({
    ...settings(),
    job,
    datasets: [dataset],
  });

  it('is of all cases of a folder, or of those that its training left out', async () => {
    expect((await evaluateSavedModel(input(balls), model)).validationCases).toBe(6);
    expect((await evaluateSavedModel(input(balls), model, 'validation')).validationCases).toBe(1);
  });

  it('is of one case too, whatever its job asks of a site', async () => {
    const job = ballJob({ data: { minCases: 5 } });
    const path = here('demanding.safetensors');
    await saveModel(path, job, initialModel(job));
    const one = await writeBallDataset(here('one-ball'), 1);
    expect((await evaluateSavedModel(input(one, job), path)).validationCases).toBe(1);
    const none = await writeBallDataset(here('no-ball'), 0);
    await expect(evaluateSavedModel(input(none, job), path)).rejects.toThrow(
      'there are 0 usable cases; an evaluation needs at least 1',
    );
  });
});

describe('the evaluation of a model on several sites', () => {
  const falsePositives = (input: Omit<Parameters<typeof evaluateSavedModel>[0], 'job'>) =>
    evaluateSavedModel({ ...input, job: ballJob() }, model).then(({ perSite, perClass }) => ({
      all: perClass[0]?.falsePositiveVoxels,
      sites: perSite?.map(({ site, validationCases, perClass: [ball] }) => ({
        site,
        validationCases,
        cases: ball?.cases,
        falsePositiveVoxels: ball?.falsePositiveVoxels,
      })),
    }));

  it('says of each, by folder or by manifest, where a class is absent and what was found of it', async () => {
    const healthy = await writeBallDataset(here('healthy-site'), 2);
    await relabel('healthy-site', ['ball_0', 'ball_1'], () => 0);
    const folders = await falsePositives({ ...settings(), datasets: [balls, healthy] });
    const atHealthy = { site: healthy.path, validationCases: 2, cases: 0 };
    expect(folders.sites).toEqual([
      { site: balls.path, validationCases: 6, cases: 6, falsePositiveVoxels: 0 },
      { ...atHealthy, falsePositiveVoxels: folders.all },
    ]);
    expect(folders.all).toBeGreaterThan(0);

    const mixed = await writeBallDataset(here('mixed-sites'), 3);
    await relabel('mixed-sites', ['ball_1'], () => 0);
    const manifest = join(mixed.path, 'dataset.json');
    const listed = JSON.parse(await readFile(manifest, 'utf8'));
    const sites = { ball_0: 'north', ball_1: 'south', ball_2: 'north' };
    await writeFile(manifest, JSON.stringify({ ...listed, sites }));
    const bySite = await falsePositives({ ...settings(), datasets: [mixed] });
    expect(bySite.sites).toEqual([
      { site: 'north', validationCases: 2, cases: 2, falsePositiveVoxels: 0 },
      { site: 'south', validationCases: 1, cases: 0, falsePositiveVoxels: bySite.all },
    ]);
    const chosen = ['north', 'south'].map((site) => ({ ...mixed, site }));
    expect(await falsePositives({ ...settings(), datasets: chosen })).toEqual(bySite);
  });
});

describe('the prediction of a scan', () => {
  const predict = (job: Job, force = false) =>
    predictFile({
      ...settings(),
      job,
      modelPath: model,
      inputPath: join(here('balls'), 'imagesTr', 'ball_0.nii.gz'),
      outputPath: here('seg.nii.gz'),
      force,
    });

  it('is refused where its job would refuse the scan, and made all the same on demand', async () => {
    const job = ballJob({ data: { spacingMm: { min: [2, 2, 2], max: [3, 3, 3] } } });
    await saveModel(model, job, initialModel(job));
    await expect(predict(job)).rejects.toMatchObject({
      code: 'learning/scan-outside-job',
      message: expect.stringMatching(/ball_0.*1\.00×1\.00×1\.00 mm; the job accepts 2×2×2 to/),
      advice: expect.stringContaining('--force'),
    });
    expect(await readdir(folder)).not.toContain('seg.nii.gz');
    const { voxelsByClass } = await predict(job, true);
    expect(Object.keys(voxelsByClass)).toEqual(['background', 'ball']);
  });

  it.each([
    ['the scan itself', 'imagesTr/ball_1.nii.gz', 'learning/output-is-input'],
    ['another name of it', 'link.nii.gz', 'learning/output-is-input'],
    ['a kind that is not written', 'seg.mha', 'learning/output-kind'],
    ['a SEG of what is no series', 'seg.dcm', 'learning/output-kind'],
  ])('is not written over its scan, nor as what it cannot be: %s', async (_, name, code) => {
    const inputPath = join(here('balls'), 'imagesTr', 'ball_1.nii.gz');
    const outputPath = join(here('balls'), name);
    if (name.startsWith('link')) await link(inputPath, outputPath);
    const before = await sha256File(inputPath);
    const job = await jobOfModel(model);
    const predicted = predictFile({ ...settings(), job, modelPath: model, inputPath, outputPath });
    await expect(predicted).rejects.toMatchObject({ code });
    expect(await sha256File(inputPath)).toBe(before);
  });
});
