import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { silentLogger, systemClock } from '@fedvox/base/system';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { readModel } from '../bundle/model-file.js';
import { writeLesionDataset } from '../testing/phantom-dataset.js';
import { lesionJob } from '../testing/phantoms.js';
import { classifyScans } from './classify-scans.js';
import { crossValidate } from './cross-validate.js';
import { evaluateSavedModel } from './evaluate-model.js';
import { trainPooled } from './pooled.js';
import { trainRound } from './round.js';
import { checkData } from './site-data.js';

/** A network is trained: slow on a busy machine, and nothing else. */
vi.setConfig({ testTimeout: 120_000 });

let folder: string;
let dataset: Awaited<ReturnType<typeof writeLesionDataset>>;
let unseen: typeof dataset;
const here = (name: string) => join(folder, name);
const job = lesionJob();
const task = () => ({
  ...{ job, cacheDir: here('cache'), engine: 'auto' as const, threads: 1 },
  ...{ clock: systemClock, log: silentLogger() },
});

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'fedvox-classification-'));
  dataset = await writeLesionDataset(here('scans'), 60);
  unseen = await writeLesionDataset(here('unseen'), 40);
});
afterAll(() => rm(folder, { recursive: true }));

describe('a job that classifies cases', () => {
  const output = () => here('model.safetensors');

  it('learns to tell scans with a lesion from those without', async () => {
    const input = { ...task(), datasets: [dataset] };
    const { epochs, best } = await trainPooled(input, { epochs: 6, output: output() });
    expect(best?.path).toBe(output());
    const { evaluation } = epochs[(best?.epoch ?? 0) - 1]!;
    expect(evaluation).toMatchObject({ dice: null, perClass: [], validationCases: 24 });
    expect(evaluation.auc).toBeGreaterThanOrEqual(0.95);
  });

  it('tells those that it has never seen, case by case', async () => {
    const evaluation = await evaluateSavedModel({ ...task(), datasets: [unseen] }, output());
    expect(evaluation.auc).toBeGreaterThanOrEqual(0.95);
    expect(evaluation.intervals.auc!.low).toBeGreaterThan(0.8);
    expect(evaluation.caseClasses).toMatchObject({
      specificity: 0.9,
      perClass: [
        { name: 'none', cases: 20 },
        { name: 'lesion', cases: 20 },
      ],
    });
    const [first] = evaluation.perCase;
    expect(first).toMatchObject({
      caseId: 'scan_0',
      dice: null,
      classified: { reference: 'none' },
    });
    const { none = 0, lesion = 0 } = first?.classified?.probabilities ?? {};
    expect(none + lesion).toBeCloseTo(1, 6);
  });

  it('says of scans without a class the very probabilities, each with its most probable class', async () => {
    const { perCase } = await evaluateSavedModel({ ...task(), datasets: [unseen] }, output());
    const broken = here('broken');
    await mkdir(broken);
    await writeFile(join(broken, 'no.nii.gz'), 'no scan');
    const outcomes = await classifyScans({
      ...{ ...task(), modelPath: output(), inputPaths: [unseen.path, broken] },
    });
    const [refused, ...told] = outcomes;
    expect(refused).toMatchObject({ kind: 'refused', what: expect.stringContaining('no.nii.gz') });
    expect(told).toHaveLength(40);
    for (const outcome of told) {
      if (outcome.kind === 'refused') throw new Error(outcome.reason);
      const { what, predicted, probabilities } = outcome;
      const same = perCase.find(({ caseId }) => what === `imagesTr/${caseId}.nii.gz`)?.classified;
      expect({ predicted, probabilities }).toEqual({
        ...{ predicted: same?.predicted, probabilities: same?.probabilities },
      });
      // Of several paths as seen from all of them.
      expect(`${outcome.caseId.replace('unseen', 'imagesTr')}.nii.gz`).toBe(what);
    }
  });

  it('is cross-validated: each case once, by a fold’s own model, and the AUC is their mean', async () => {
    await mkdir(here('folds'));
    const options = { folds: 2, epochs: 1, outputDir: here('folds') };
    const { folds, evaluation } = await crossValidate({ ...task(), datasets: [unseen] }, options);
    expect(new Set(evaluation.perCase.map(({ caseId }) => caseId)).size).toBe(40);
    const [first, second] = folds.map((fold) => fold.evaluation?.auc as number);
    expect(evaluation.auc).toBeCloseTo(((first as number) + (second as number)) / 2, 12);
    expect(evaluation).toMatchObject({ dice: null, perClass: [] });
    expect(evaluation).not.toHaveProperty('caseClasses');
  });

  it('writes what a round changed, statistics among it', async () => {
    const input = { ...task(), dataset, seedLabel: 'north/1' };
    const update = await trainRound(input, output(), here('delta.safetensors'));
    expect(update).toMatchObject({ trainCases: 36, epochs: 1, localSteps: 5 });
    const delta = await readModel(here('delta.safetensors'));
    const changed = [...delta].filter(([, { data }]) => data.some((value) => value !== 0));
    expect(changed.map(([name]) => name)).toContain('class_layers.out.weight');
    expect(changed.map(([name]) => name)).toContain('features.norm5.running_var');
  });
});

describe('the data gate of such a job', () => {
  const gate = (changes: object = {}, input: object = {}) =>
    checkData({ ...task(), dataset: { ...dataset, ...changes }, seedLabel: '', ...input });
  const listed = async (name: string, change: (text: string) => string) => {
    const file = here(name);
    await writeFile(file, change(await readFile(dataset.caseClasses.file, 'utf8')));
    return { caseClasses: { file } };
  };

  it('passes cases that have a class each', async () => {
    expect(await gate()).toEqual({
      ...{ usable: 60, train: 36, validation: 24, refused: [], problems: [] },
    });
  });

  it('passes a site whose cases are all of one class', async () => {
    const changes = await listed('one.csv', (text) => text.replaceAll('lesion', 'none'));
    expect(await gate(changes)).toMatchObject({ usable: 60, problems: [] });
  });

  it('leaves out those whose class is not told, or none of the job’s', async () => {
    const few = await listed('few.csv', (text) => text.replace('scan_3,lesion', 'scan_3,cyst'));
    expect(await gate(few)).toMatchObject({
      ...{ usable: 59, problems: [] },
      refused: [{ what: 'scan_3', code: 'imaging/case-class-unknown' }],
    });
    const none = await listed('none.csv', (text) => text.replaceAll('scan', 'other'));
    expect(await gate(none)).toMatchObject({ usable: 0, problems: ['labels-missing'] });
  });

  it('is not passed without a list, or with one that is none', async () => {
    expect(await gate({ caseClasses: undefined })).toMatchObject({
      ...{ usable: 0, problems: ['labels-missing'] },
      refused: [{ code: 'imaging/no-class-list' }],
    });
    const bad = await listed('bad.csv', () => 'who,what\n');
    expect(await gate(bad)).toMatchObject({ problems: ['labels-missing'] });
  });

  it('refuses volumes of which the network leaves nothing', async () => {
    const preprocess = [
      { kind: 'crop-or-pad' as const, size: [16, 4, 16] as [number, number, number] },
    ];
    const small = lesionJob({ preprocess, network: { ...job.network, blocks: [2, 2] } as never });
    await expect(gate({}, { job: small })).rejects.toMatchObject({
      code: 'learning/size-too-small',
    });
  });
});
