import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { seededRandom } from '@fedvox/base';
import { sha256File, silentLogger, systemClock } from '@fedvox/base/system';
import {
  type DatasetSpec,
  loadCase,
  openDataset,
  portableVoxels,
  readNifti,
  writeDicomSeries,
} from '@fedvox/imaging';
import type { Job, JobInput, StrategySpec } from '@fedvox/job';
import { decodeWeights, encodeWeights, tensorOf } from '@fedvox/weights';
import * as tf from '@tensorflow/tfjs-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { initialModel } from '../networks/network.js';
import { writeBall, writeBallDataset } from '../testing/phantom-dataset.js';
import { ballCase, ballJob } from '../testing/phantoms.js';
import { CaseStore } from '../training/case-store.js';
import type { Progress, TrainingInput } from './input.js';
import { trainPooled } from './pooled.js';
import { predictFile } from './predict-file.js';
import { evaluateAndTrain, evaluateModel, trainRound } from './round.js';
import { checkData, openSite } from './site-data.js';

let folder: string;
let dataset: DatasetSpec;
let basePath: string;

const job = ballJob();

function inputFor(changes: Partial<TrainingInput> = {}): TrainingInput {
  return {
    job,
    dataset,
    cacheDir: join(folder, 'cache'),
    engine: 'cpu',
    seedLabel: 'hospital/1',
    clock: systemClock,
    log: silentLogger(),
    ...changes,
  };
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'fedvox-tasks-'));
  dataset = await writeBallDataset(join(folder, 'balls'), 6);
  basePath = join(folder, 'base.safetensors');
  await writeFile(basePath, encodeWeights(initialModel(job)));
});
afterAll(() => rm(folder, { recursive: true }));

const here = (name: string) => join(folder, name);

describe('the data gate', () => {
  const withData = (data: JobInput['data']) => inputFor({ job: ballJob({ data }) });

  it('passes cases that meet the requirements, and says how they will be used', async () => {
    expect(await checkData(inputFor())).toEqual({
      usable: 6,
      train: 5,
      validation: 1,
      refused: [],
      problems: [],
    });
  });

  it.each([
    ['too few cases', { minCases: 7 }, ['too-few-cases']],
    ['another modality', { modality: 'CT' }, ['wrong-modality']],
    [
      'voxels too large',
      { spacingMm: { min: [0.1, 0.1, 0.1], max: [2, 2, 0.5] } },
      ['spacing-out-of-range'],
    ],
  ] as [string, JobInput['data'], string[]][])(
    'names the reason: %s',
    async (_, data, problems) => {
      expect(await checkData(withData(data))).toMatchObject({ problems, train: 0, validation: 0 });
    },
  );

  it('says which scan has what spacing, to the site alone', async () => {
    const spacingMm = { min: [1, 1, 1.5], max: [2, 2, 2] } as NonNullable<
      NonNullable<JobInput['data']>['spacingMm']
    >;
    const { refused } = await checkData(withData({ spacingMm }));
    expect(refused).toHaveLength(6);
    expect(refused[0]).toMatchObject({ code: 'learning/spacing-out-of-range' });
    expect(refused[0]?.reason).toContain('1.00×1.00×1.00 mm; the job accepts 1×1×1.5 to 2×2×2');
  });

  it('reports a folder that is not there instead of failing', async () => {
    const missing: DatasetSpec = { kind: 'msd', path: here('nowhere') };
    const report = await checkData(inputFor({ dataset: missing }));
    expect(report).toMatchObject({ usable: 0, problems: ['no-usable-data'] });
    expect(report.refused).toHaveLength(1);
  });

  it('leaves a corrupt scan out, by name, and goes on with the others', async () => {
    const path = here('one-broken');
    const broken = await writeBallDataset(path, 4);
    const image = join(path, 'imagesTr', 'ball_2.nii.gz');
    await writeFile(image, (await readFile(image)).subarray(0, 200));
    const report = await checkData(inputFor({ dataset: broken }));
    expect(report).toMatchObject({ usable: 3, problems: [] });
    expect(report.refused).toHaveLength(1);
  });

  it.each([
    ['more channels than a case has', { network: { ...job.network, inChannels: 2 } }],
    ['a roi the network cannot halve', { inference: { roi: [5, 4, 4] } }],
    ['a patch the network cannot halve', { augment: [{ kind: 'crop', size: [3, 4, 4] }] }],
  ] as [string, Partial<JobInput>][])('refuses a job with %s', async (_, changes) => {
    await expect(checkData(inputFor({ job: ballJob(changes) }))).rejects.toMatchObject({
      code: expect.stringMatching(/^learning\/(unsupported-channels|size-not-divisible)$/),
    });
  });
});

describe('a round at a site', () => {
  it('writes what training changed, under the names and shapes of the base', async () => {
    const update = await trainRound(inputFor(), basePath, here('delta.safetensors'));
    expect(update).toMatchObject({ trainCases: 5, epochs: 1 });
    expect(update.delta.sha256).toBe(await sha256File(here('delta.safetensors')));
    const delta = decodeWeights(await readFile(here('delta.safetensors')));
    const shapes = (weights: typeof delta) =>
      [...weights].map(([name, { shape }]) => `${name} ${shape}`).sort();
    expect(shapes(delta)).toEqual(shapes(initialModel(job)));
    expect(tensorOf(delta, 'model.0.conv.unit0.conv.weight').data.some((v) => v !== 0)).toBe(true);
  });

  it('sends the same bytes for the same round, and others for another', async () => {
    const deltaOf = async (seedLabel: string) => {
      const { delta } = await trainRound(inputFor({ seedLabel }), basePath, here('again'));
      return delta.sha256;
    };
    const first = await deltaOf('hospital/1');
    expect(await deltaOf('hospital/1')).toBe(first);
    expect(await deltaOf('hospital/2')).not.toBe(first);
  });

  it('steps by the learning rate that the job’s schedule has come to in the round', async () => {
    const { optimizer } = job.training;
    const deltaWith = async (training: Partial<Job['training']>, round: number) => {
      const scheduled = { ...job, training: { ...job.training, ...training } };
      const { delta } = await trainRound(inputFor({ job: scheduled, round }), basePath, here('r'));
      return delta.sha256;
    };
    const schedule = { kind: 'step', every: 1, factor: 0.5 } as const;
    const halved = { optimizer: { ...optimizer, learningRate: optimizer.learningRate / 2 } };
    expect(await deltaWith({ schedule }, 2)).toBe(await deltaWith(halved, 1));
    expect(await deltaWith({ schedule }, 1)).toBe(await deltaWith({}, 1));
  });

  it('steps by the learning rate that a plateau was cut to', async () => {
    const { optimizer } = job.training;
    const deltaWith = async (training: Partial<Job['training']>, rateCuts: number) => {
      const scheduled = { ...job, training: { ...job.training, ...training } };
      const input = inputFor({ job: scheduled, rateCuts });
      return (await trainRound(input, basePath, here('r'))).delta.sha256;
    };
    const plateau = { factor: 0.5, patience: 1, threshold: 0.01, floor: 0 };
    const schedule = { kind: 'plateau', ...plateau } as const;
    const quartered = { optimizer: { ...optimizer, learningRate: optimizer.learningRate / 4 } };
    expect(await deltaWith({ schedule }, 2)).toBe(await deltaWith(quartered, 0));
    expect(await deltaWith({ schedule }, 0)).toBe(await deltaWith({}, 0));
  });

  it('steps by the learning rate that a schedule over steps has come to in the step', async () => {
    const deltaWith = async (training: Partial<Job['training']>, round: number) => {
      const optimizer = { kind: 'sgd', learningRate: 0.01 } as const;
      const of = { ...job.training, optimizer, ...training };
      const scheduled = { ...job, training: of, federation: { ...job.federation, rounds: 3 } };
      const { delta } = await trainRound(inputFor({ job: scheduled, round }), basePath, here('r'));
      return delta.sha256;
    };
    // The fifth of six steps and all after it have next to nothing of the rate.
    const schedule = { kind: 'step', over: 'steps', every: 4, factor: 1e-30 } as const;
    expect(await deltaWith({ localSteps: 2, schedule }, 2)).toBe(
      await deltaWith({ localSteps: 2 }, 1),
    );
    expect(await deltaWith({ localSteps: 6, schedule }, 1)).toBe(
      await deltaWith({ localSteps: 4 }, 1),
    );
  });

  it('stays nearer to the base where the job’s strategy is FedProx, and does not where it is a mean', async () => {
    const lengthUnder = async (strategy: StrategySpec) => {
      const federation = { ...job.federation, strategy };
      await trainRound(inputFor({ job: { ...job, federation } }), basePath, here('drawn'));
      const delta = decodeWeights(await readFile(here('drawn')));
      return Math.hypot(...[...delta.values()].flatMap(({ data }) => [...data]));
    };
    const free = await lengthUnder({ kind: 'fedavg' });
    expect(await lengthUnder({ kind: 'median' })).toBe(free);
    expect(await lengthUnder({ kind: 'fedprox', mu: 10 })).toBeLessThan(0.9 * free);
  });

  it('does both at once as it does them apart, and leaves no tensor behind', async () => {
    await tf.setBackend('cpu');
    const before = tf.memory().numTensors;
    const both = await evaluateAndTrain(inputFor(), basePath, here('both'));
    expect(both.evaluation).toEqual((await evaluateModel(inputFor(), basePath)).evaluation);
    expect(both.update).toEqual(await trainRound(inputFor(), basePath, here('apart')));
    expect(tf.memory().numTensors).toBe(before);
  });

  it('tells how far it is', async () => {
    const seen: Progress[] = [];
    const onProgress = (progress: Progress) => seen.push(progress);
    await evaluateAndTrain(inputFor({ onProgress }), basePath, here('delta'));
    const steps = seen.map(({ phase, done, total }) => `${phase} ${done}/${total}`);
    expect(steps).toEqual([
      ...[1, 2, 3, 4, 5, 6].map((done) => `preparing ${done}/6`),
      'evaluating 1/1',
      ...[1, 2, 3].map((done) => `training ${done}/3`),
    ]);
    expect(seen.at(-1)).toMatchObject({ epoch: 1, epochs: 1, loss: expect.any(Number) });
  });

  it('stops when it is told to, and writes nothing', async () => {
    const controller = new AbortController();
    const reason = new Error('no longer wanted');
    const onProgress = ({ phase }: Progress) => {
      if (phase === 'training') controller.abort(reason);
    };
    const input = inputFor({ signal: controller.signal, onProgress });
    await expect(trainRound(input, basePath, here('never'))).rejects.toBe(reason);
    expect(await readdir(folder)).not.toContain('never');
  });

  it('refuses a model that is damaged or belongs to another network', async () => {
    await writeFile(here('damaged'), 'not a model');
    await expect(evaluateModel(inputFor(), here('damaged'))).rejects.toMatchObject({
      code: 'learning/model-unreadable',
    });
    const other = ballJob({ network: { kind: 'unet', channels: [4, 4], strides: [2] } });
    await expect(evaluateModel(inputFor({ job: other }), basePath)).rejects.toMatchObject({
      code: 'learning/model-mismatch',
    });
  });

  it('refuses to train on fewer cases than the job wants', async () => {
    const input = inputFor({ job: ballJob({ data: { minCases: 9 } }) });
    await expect(trainRound(input, basePath, here('never'))).rejects.toThrow(
      'there are 6 usable cases; training and validation need at least 9',
    );
  });
});

describe('pooled training', () => {
  it('learns, keeps the best epoch as a whole file, and that model predicts', async () => {
    const output = here('best.safetensors');
    const input = { ...inputFor(), datasets: [dataset] };
    const { epochs, best } = await trainPooled(input, { epochs: 12, output });
    expect(epochs.map(({ epoch }) => epoch)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12]);
    const figures = epochs.map(({ evaluation }) => evaluation.dice ?? 0);
    const { epoch, sha256 } = best!;
    expect(figures[epoch - 1]).toBe(Math.max(...figures));
    expect(figures[epoch - 1]).toBeGreaterThan(0.7);
    expect(await sha256File(output)).toBe(sha256);
    expect((await evaluateModel(inputFor(), output)).evaluation.dice).toBe(figures[epoch - 1]);

    const unseen = ballCase(seededRandom('unseen'));
    await writeBall(here('balls'), 'unseen.nii.gz', unseen);
    const { voxelsByClass } = await predictFile({
      ...inputFor(),
      modelPath: output,
      inputPath: join(here('balls'), 'imagesTr', 'unseen.nii.gz'),
      outputPath: here('seg.nii.gz'),
    });
    const { data, shape } = await readNifti(here('seg.nii.gz'));
    expect(shape).toEqual([8, 8, 8]);
    const found = data.filter((value) => value === 1).length;
    expect(voxelsByClass).toEqual({ background: 512 - found, ball: found });
    const hits = data.filter((value, voxel) => value === 1 && unseen.label.data[voxel] === 1);
    const truth = unseen.label.data.filter((value) => value === 1).length;
    expect((2 * hits.length) / (found + truth)).toBeGreaterThan(0.7);
  });

  it('writes a prediction of a DICOM series as a segmentation that refers to it', async () => {
    const scan = here('scan');
    await writeDicomSeries(scan, ballCase(seededRandom('scanned')).image, {
      identity: 'scanned',
      patientName: 'Phantom',
      patientId: '1',
      modality: 'MR',
      createdAt: new Date(0),
    });
    const { voxelsByClass } = await predictFile({
      ...inputFor(),
      modelPath: basePath,
      inputPath: scan,
      outputPath: join(scan, 'seg.dcm'),
    });
    const { cases } = await openDataset(
      { kind: 'dicom', path: scan, predictions: 'use' },
      job.classes,
    );
    const { label } = await loadCase(cases[0]!, job.classes);
    const found = label?.data.filter((value) => value === 1).length;
    expect(found).toBe(voxelsByClass['ball']);
    expect(found).toBeGreaterThan(0);
  });

  it('keeps cases of one name in two data sets apart', async () => {
    const [path, twin] = [here('one'), here('twin')];
    const datasets = [await writeBallDataset(path, 3), await writeBallDataset(twin, 3)];
    for (const index of [0, 1, 2]) {
      await writeBall(twin, `ball_${index}.nii.gz`, ballCase(seededRandom(`twin-${index}`)));
    }
    const store = new CaseStore();
    const images = [];
    for (const each of datasets) {
      const { train } = await openSite(inputFor(), each, store, portableVoxels);
      images.push((await train[0]!.prepared()).image.data);
    }
    expect(images[0]).not.toEqual(images[1]);
  });

  it('splits every data set by itself, as its site would', async () => {
    const second = await writeBallDataset(here('more-balls'), 4);
    for (let at = 0; at < 4; at++) {
      await writeBall(
        here('more-balls'),
        `ball_${at}.nii.gz`,
        ballCase(seededRandom(`more ${at}`)),
      );
    }
    const input = { ...inputFor(), datasets: [dataset, second] };
    const { epochs } = await trainPooled(input, { epochs: 1, output: here('two-sites') });
    expect(epochs[0]?.evaluation.validationCases).toBe(2);
  });
});
