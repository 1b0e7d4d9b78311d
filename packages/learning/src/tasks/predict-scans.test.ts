import { link, mkdir, mkdtemp, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { seededRandom } from '@fedvox/base';
import { sha256File, silentLogger, systemClock } from '@fedvox/base/system';
import {
  loadCase,
  openDataset,
  readVolume,
  type Volume,
  writeDicomSeries,
  writeVolumeFile,
} from '@fedvox/imaging';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { saveModel } from '../bundle/saved-model.js';
import { initialModel } from '../networks/network.js';
import { writeBallDataset } from '../testing/phantom-dataset.js';
import { ballCase, ballJob } from '../testing/phantoms.js';
import { predictFile } from './predict-file.js';
import { type PredictScansInput, predictScans, type ScanOutcome } from './predict-scans.js';

const job = ballJob();
const balls = Object.fromEntries(
  ['a', 'b', 'c', 'd'].map((name) => [name, ballCase(seededRandom(name)).image]),
) as Record<'a' | 'b' | 'c' | 'd', Volume>;

let folder: string;
const here = (...names: string[]) => join(folder, ...names);

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'fedvox-predict-'));
  await saveModel(here('model.safetensors'), job, initialModel(job));
  await mkdir(here('out'));
});
afterEach(() => rm(folder, { recursive: true }));

const settings = () => ({
  job,
  modelPath: here('model.safetensors'),
  engine: 'cpu' as const,
  clock: systemClock,
  log: silentLogger(),
});

function predict(input: Partial<PredictScansInput> = {}): Promise<readonly ScanOutcome[]> {
  const paths = { inputPaths: [here('scans')], outputFolder: here('out') };
  return predictScans({ ...settings(), ...paths, ...input });
}

async function written(path: string, volume: Volume): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  await writeVolumeFile(path, volume);
}

/** Two scans of one name, one as NRRD, one as a DICOM series, a file that is none, and notes. */
async function mixedFolder(): Promise<void> {
  await written(here('scans', 'sub-01', 'T1w.nii.gz'), balls.a);
  await written(here('scans', 'sub-02', 'T1w.nii'), balls.b);
  await written(here('scans', 'c.nrrd'), balls.c);
  await writeFile(here('scans', 'broken.nii'), 'no scan at all');
  await writeFile(here('scans', 'notes.txt'), 'read me');
  await writeDicomSeries(here('scans', 'pacs'), balls.d, {
    identity: 'd',
    patientName: 'Phantom',
    patientId: '1',
    modality: 'MR',
    createdAt: new Date(0),
  });
}

/** Voxels of a prediction by itself. */
async function aloneOf(input: string, name: string): Promise<Uint8Array | Float32Array> {
  const outputPath = here(name);
  await predictFile({ ...settings(), inputPath: here('scans', input), outputPath });
  return dataOf(outputPath);
}

async function dataOf(path: string): Promise<Float32Array> {
  const read = await readVolume(path);
  return 'data' in read ? read.data : Float32Array.from(read.stored);
}

describe('predictions of many scans', () => {
  it('go to their scans’ places in the scans’ formats, voxel for voxel as each alone', async () => {
    await mixedFolder();
    const outcomes = await predict();
    const places = outcomes.flatMap((one) => (one.kind === 'predicted' ? [one.outputPath] : []));
    const [seg, ...files] = places;
    expect(files.toSorted()).toEqual(
      ['c.nrrd', 'sub-01/T1w.nii.gz', 'sub-02/T1w.nii.gz'].map((place) => here('out', place)),
    );
    expect(await dataOf(here('out', 'sub-01', 'T1w.nii.gz'))).toEqual(
      await aloneOf('sub-01/T1w.nii.gz', 'alone-a.nii.gz'),
    );
    expect(await dataOf(here('out', 'c.nrrd'))).toEqual(await aloneOf('c.nrrd', 'alone-c.nii'));

    expect(seg).toMatch(/out\/pacs\/[0-9.]+\.dcm$/);
    await rename(seg!, here('scans', 'pacs', 'seg.dcm'));
    const spec = { kind: 'dicom', path: here('scans', 'pacs'), predictions: 'use' } as const;
    const { cases } = await openDataset(spec, job.classes);
    const { label } = await loadCase(cases[0]!, job.classes);
    await rm(here('scans', 'pacs', 'seg.dcm'));
    expect(Float32Array.from(label!.data)).toEqual(await aloneOf('pacs', 'alone-d.nii.gz'));
  });

  it('are told one by one with how many are left, a refusal among them, which ends no other', async () => {
    await mixedFolder();
    const told: [what: string, kind: string, left: number][] = [];
    const outcomes = await predict({
      onScan: (outcome, left) => told.push([outcome.what, outcome.kind, left]),
    });
    expect(told.map(([, , left]) => left)).toEqual([4, 3, 2, 1, 0]);
    expect(outcomes.filter(({ kind }) => kind === 'refused')).toMatchObject([
      { what: 'broken.nii', code: 'imaging/not-nifti', advice: expect.any(String) },
    ]);
    expect(told.filter(([, kind]) => kind === 'predicted')).toHaveLength(4);
  });

  it('open the model once: it may be gone after the first', async () => {
    await mixedFolder();
    const outcomes = await predict({
      onScan: () => rm(settings().modelPath, { force: true }) as unknown as undefined,
      inputPaths: [here('scans', 'c.nrrd'), here('scans', 'sub-01'), here('scans', 'sub-02')],
    });
    expect(outcomes.map((one) => one.kind === 'predicted' && one.outputPath)).toEqual([
      here('out', 'c.nrrd'),
      here('out', 'sub-01', 'T1w.nii.gz'),
      here('out', 'sub-02', 'T1w.nii.gz'),
    ]);
    expect(await readdir(folder)).not.toContain('model.safetensors');
  });

  it('say what they replace, and take no earlier prediction for a scan', async () => {
    await written(here('scans', 'a.nii.gz'), balls.a);
    await mkdir(here('scans', 'out'));
    const again = () => predict({ outputFolder: here('scans', 'out') });
    const outcome = {
      kind: 'predicted',
      what: 'a.nii.gz',
      outputPath: here('scans', 'out', 'a.nii.gz'),
    };
    expect(await again()).toMatchObject([{ ...outcome, replaced: false }]);
    expect(await again()).toMatchObject([{ ...outcome, replaced: true }]);
    expect(await readdir(here('scans', 'out'))).toEqual(['a.nii.gz']);
  });

  it('leave every scan as it is, of whichever input and by whatever name', async () => {
    await written(here('scans', 'a.nii.gz'), balls.a);
    await written(here('scans', 'b.nii'), balls.b);
    await link(here('scans', 'a.nii.gz'), here('out', 'b.nii.gz'));
    const before = await sha256File(here('scans', 'a.nii.gz'));
    const kinds = (outcomes: readonly ScanOutcome[]) =>
      outcomes.map((one) => [one.what, one.kind === 'refused' ? one.code : one.kind]);
    const refused = 'learning/output-is-input';
    expect(kinds(await predict())).toEqual([
      ['a.nii.gz', 'predicted'],
      ['b.nii', refused],
    ]);
    expect(kinds(await predict({ outputFolder: here('scans') }))).toEqual([
      ['a.nii.gz', refused],
      ['b.nii', 'predicted'],
    ]);
    expect(await sha256File(here('scans', 'a.nii.gz'))).toBe(before);
  });

  it('are two files though their scans differ in the ending alone, or one of them is refused', async () => {
    await written(here('scans', 'a.nii'), balls.a);
    await written(here('scans', 'a.nii.gz'), balls.b);
    await written(here('scans', 'a.nrrd'), balls.c);
    const outcomes = await predict();
    expect(outcomes).toMatchObject([
      { what: 'a.nii', outputPath: here('out', 'a.nii.gz') },
      {
        what: 'a.nii.gz',
        code: 'learning/output-taken',
        reason: expect.stringContaining('a.nii '),
      },
      { what: 'a.nrrd', outputPath: here('out', 'a.nrrd') },
    ]);
  });

  it('need a folder that is there, and say so before anything is read', async () => {
    for (const outputFolder of [here('nowhere'), here('model.safetensors')]) {
      await expect(predict({ outputFolder, inputPaths: [here('absent')] })).rejects.toMatchObject({
        code: 'learning/output-folder',
        message: expect.stringContaining(outputFolder),
      });
    }
    await expect(predict({ inputPaths: [here('absent')] })).resolves.toMatchObject([
      { kind: 'refused', what: here('absent'), code: 'imaging/folder-unreadable' },
    ]);
  });

  it('are not made of what a dataset.json lists as labels, and go by its cases’ names', async () => {
    await writeBallDataset(here('scans'), 2);
    const outcomes = await predict();
    expect(outcomes.map((one) => one.kind === 'predicted' && one.outputPath)).toEqual(
      ['ball_0.nii.gz', 'ball_1.nii.gz'].map((name) => here('out', name)),
    );
  });

  it('are refused where a place is no folder, and made where there is none yet', async () => {
    await written(here('scans', 'x', 'a.nii'), balls.a);
    await written(here('scans', 'y', 'b.nii'), balls.b);
    await writeFile(here('out', 'x'), 'in the way');
    expect(await predict()).toMatchObject([
      { what: 'x/a.nii', code: 'learning/output-unwritable' },
      { what: 'y/b.nii', kind: 'predicted' },
    ]);
  });

  it('lie on the grid of a file whose axes are sheared, where the site says what to do with it', async () => {
    const { shape, data } = balls.a;
    const affineRas = [1, 0.25, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1];
    await written(here('scans', 'sheared.nii'), { shape, data, affineRas });
    expect(await predict()).toMatchObject([{ kind: 'refused', code: 'imaging/sheared' }]);
    expect(await predict({ rules: { gantryTilt: 'resample' } })).toMatchObject([
      { kind: 'predicted', what: 'sheared.nii' },
    ]);
    const [only] = (await openSheared(here('out'))).cases;
    expect([only?.source.kind === 'file' && only.source.shearedGrid?.affineRas]).toEqual([
      affineRas,
    ]);
  });
});

async function openSheared(path: string) {
  const manifest = { labels: {}, training: [{ image: 'sheared.nii.gz' }] };
  await writeFile(join(path, 'dataset.json'), JSON.stringify(manifest));
  const spec = { kind: 'msd', path, gantryTilt: 'resample' } as const;
  return openDataset(spec, [], { labels: 'optional' });
}
