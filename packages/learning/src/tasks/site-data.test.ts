import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { seededRandom } from '@fedvox/base';
import { silentLogger, systemClock } from '@fedvox/base/system';
import { type DatasetSpec, portableVoxels } from '@fedvox/imaging';
import { type JobInput, jobDigest } from '@fedvox/job';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { writeBall, writeBallDataset } from '../testing/phantom-dataset.js';
import { ballCase, ballJob } from '../testing/phantoms.js';
import { CaseStore } from '../training/case-store.js';
import type { TrainingInput } from './input.js';
import { checkData, openSite } from './site-data.js';

let folder: string;
let dataset: DatasetSpec;

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
  folder = await mkdtemp(join(tmpdir(), 'fedvox-site-data-'));
  dataset = await writeBallDataset(join(folder, 'balls'), 6);
});
afterAll(() => rm(folder, { recursive: true }));

const here = (name: string) => join(folder, name);

describe('data that would fail at the first step, or be spoilt by it,', () => {
  const cropped = (changes: Partial<JobInput>) => inputFor({ job: ballJob(changes) });
  const firstOf = async (input: TrainingInput) => {
    const { usable, problems, refused } = await checkData(input);
    expect(usable).toBe(0);
    expect(refused).toHaveLength(6);
    return { problem: problems[0], code: refused[0]?.code, what: refused[0]?.what };
  };

  it('is refused for a volume smaller than the patch, case by case', async () => {
    const input = cropped({ augment: [{ kind: 'crop', size: [10, 8, 8] }] });
    expect(await firstOf(input)).toEqual({
      problem: 'size-not-trainable',
      code: 'learning/patch-too-large',
      what: 'ball_0',
    });
  });

  it('is refused for a size that the strides cannot divide, where the scan decides it', async () => {
    const network: JobInput['network'] = { kind: 'unet', channels: [2, 2], strides: [3] };
    expect(await firstOf(cropped({ network }))).toMatchObject({
      problem: 'size-not-trainable',
      code: 'learning/size-not-divisible',
    });
  });

  it('is refused for a network that leaves one voxel at its bottom', async () => {
    const network: JobInput['network'] = {
      kind: 'unet',
      channels: [2, 2, 2, 2],
      strides: [2, 2, 2],
    };
    expect(await firstOf(cropped({ network }))).toMatchObject({
      problem: 'size-not-trainable',
      code: 'learning/bottom-of-one-voxel',
    });
  });

  it('is refused for a crop that removes every labelled voxel of every case', async () => {
    const far = await writeBallDataset(here('far'), 6);
    for (let index = 0; index < 6; index++) {
      const { image, label } = ballCase(seededRandom(index));
      const data = label.data.map((_, voxel) => (voxel === 0 ? 1 : 0));
      await writeBall(here('far'), `ball_${index}.nii.gz`, { image, label: { ...label, data } });
    }
    const preprocess: JobInput['preprocess'] = [{ kind: 'crop-or-pad', size: [4, 4, 4] }];
    const input = { ...cropped({ preprocess }), dataset: far };
    expect(await firstOf(input)).toMatchObject({
      problem: 'foreground-missing',
      code: 'learning/foreground-lost',
    });
  });

  it('is refused without a labelled voxel anywhere, and not for one case without', async () => {
    const empty = async (index: number) => {
      const { image, label } = ballCase(seededRandom(index));
      const nothing = { ...label, data: new Uint8Array(label.data.length) };
      await writeBall(here('healthy'), `ball_${index}.nii.gz`, { image, label: nothing });
    };
    const healthy = await writeBallDataset(here('healthy'), 6);
    await empty(0);
    expect(await checkData(inputFor({ dataset: healthy }))).toMatchObject({
      usable: 6,
      refused: [],
      problems: [],
    });
    for (let index = 1; index < 6; index++) await empty(index);
    expect(await firstOf(inputFor({ dataset: healthy }))).toMatchObject({
      problem: 'foreground-missing',
      code: 'learning/no-foreground',
    });
  });

  it('is refused for cases of several sizes where a batch holds several', async () => {
    const mixed = await writeBallDataset(here('mixed'), 6);
    const { image, label } = ballCase(seededRandom('larger'));
    const longer = { image, label };
    const shape = [8, 8, 4] as const;
    const cut = <D extends Float32Array | Uint8Array>(data: D) => data.slice(0, 256) as D;
    await writeBall(here('mixed'), 'ball_3.nii.gz', {
      image: { ...longer.image, shape, data: cut(image.data) },
      label: { ...longer.label, shape, data: cut(label.data).fill(1, 0, 3) },
    });
    expect(await firstOf(inputFor({ dataset: mixed }))).toMatchObject({
      problem: 'size-not-trainable',
      code: 'learning/unequal-sizes',
    });
    const one = { ...ballJob().training, batchSize: 1 };
    const alone = await checkData(inputFor({ dataset: mixed, job: ballJob({ training: one }) }));
    expect(alone).toMatchObject({ usable: 6, problems: [] });
  });

  it('is refused for a voxel that no scanner measures, by the scan and the place', async () => {
    const extreme = await writeBallDataset(here('extreme'), 6);
    const { image, label } = ballCase(seededRandom('extreme'));
    const data = image.data.map((value, voxel) => (voxel === 8 * 8 + 8 + 2 ? -3e38 : value));
    await writeBall(here('extreme'), 'ball_3.nii.gz', { image: { ...image, data }, label });
    const { usable, refused } = await checkData(inputFor({ dataset: extreme }));
    expect(usable).toBe(5);
    expect(refused).toMatchObject([{ what: 'ball_3', code: 'imaging/unusable-values' }]);
    expect(refused[0]?.reason).toMatch(/1 voxels .*: -3\.0.*e\+38 at \(2, 1, 1\)$/);
  });
});

describe('the split of a job by patient', () => {
  const byPatient = ballJob({ evaluation: { ...job.evaluation, split: 'by-patient' } });
  const names = Array.from({ length: 12 }, (_, index) => `ball_${index}.nii.gz`);

  /** Which of the balls train, by what is told of each case that is prepared and then trained on. */
  async function validatingOf(count: number, splitsDir: string) {
    const grown = await writeBallDataset(here(`growing-${count}`), count);
    const input = inputFor({ job: byPatient, dataset: grown, splitsDir });
    const store = new CaseStore();
    const { validation } = await openSite(input, grown, store, portableVoxels);
    return validation.map(({ caseId }) => caseId);
  }

  it('is remembered at the site, so that rounds agree while the data grows', async () => {
    const seen = new Set<string>();
    let before: readonly string[] = [];
    for (const count of [2, 3, 6, 12]) {
      const validating = await validatingOf(count, here('splits'));
      const known = new Set(names.slice(0, seen.size).map((name) => name.replace('.nii.gz', '')));
      expect(validating.filter((id) => known.has(id))).toEqual(before);
      for (const name of names.slice(0, count)) seen.add(name);
      before = validating;
    }
    expect(await readdir(here('splits'))).toEqual([`${jobDigest(byPatient)}.json`]);
  });

  it('does not depend on which of the cases were chosen', async () => {
    const all = await validatingOf(12, here('splits-of-all'));
    const some = await validatingOf(9, here('splits-of-some'));
    const chosen = names.slice(0, 9).map((name) => name.replace('.nii.gz', ''));
    expect(some).toEqual(all.filter((id) => chosen.includes(id)));
  });
});
