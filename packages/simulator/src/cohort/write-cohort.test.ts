import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openDataset, writeNifti } from '@fedvox/imaging';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { SplitSpec } from '../scenario/cohort-schema.js';
import { writeCohort } from './write-cohort.js';

const CLASSES = ['background', 'lesion'];
const SITES = ['east', 'north'];
const SHAPE = [4, 4, 4] as const;
const AFFINE = [1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1] as const;
const CASES = 12;

let root: string;
let path: string;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'fedvox-cohort-'));
  path = join(root, 'whole');
  await mkdir(join(path, 'images'), { recursive: true });
  const training = [];
  for (let k = 0; k < CASES; k++) {
    // As many lesion voxels as its number says, and an image like no other's.
    const label = Uint8Array.from({ length: 64 }, (_, at) => (at <= k ? 1 : 0));
    const image = Float32Array.from({ length: 64 }, (_, at) => at * (k + 1));
    const grid = { shape: SHAPE, affineRas: AFFINE };
    await writeNifti(join(path, 'images', `${k}.nii.gz`), { ...grid, data: image });
    await writeNifti(join(path, 'images', `${k}-label.nii.gz`), { ...grid, data: label });
    training.push({ image: `images/${k}.nii.gz`, label: `images/${k}-label.nii.gz` });
  }
  const manifest = { labels: { 0: 'background', 1: 'lesion' }, training, modality: { 0: 'MRI' } };
  await writeFile(join(path, 'dataset.json'), JSON.stringify(manifest));
});
afterEach(() => rm(root, { recursive: true }));

async function casesBySite(split: SplitSpec, seed = 1): Promise<string[][]> {
  const folder = join(root, `${split.kind}-${seed}`);
  const { signal } = new AbortController();
  const cohort = { path, split, minCases: 3 };
  const place = { folder, classes: CLASSES, sites: SITES, seed, signal };
  const specs = await writeCohort(cohort, place);
  return Promise.all(
    SITES.map(async (site) => {
      const { cases, refused } = await openDataset(specs.get(site)!, CLASSES);
      expect(refused).toEqual([]);
      return cases.map(({ caseId }) => caseId.replace('images/', '')).sort();
    }),
  );
}

describe('a cohort that is given out', () => {
  it.each<SplitSpec>([{ kind: 'iid' }, { kind: 'dirichlet', alpha: 0.5 }])(
    'is read by its sites, every case by one of them: $kind',
    async (split) => {
      const [east = [], north = []] = await casesBySite(split);
      expect([...east, ...north].sort()).toEqual(
        Array.from({ length: CASES }, (_, k) => `${k}`).sort(),
      );
      expect(Math.min(east.length, north.length)).toBeGreaterThanOrEqual(3);
      expect(await casesBySite(split, 2)).not.toEqual([east, north]);
    },
  );

  it('is refused where nothing in it has a label', async () => {
    const training = [{ image: 'images/1.nii.gz' }];
    await writeFile(
      join(path, 'dataset.json'),
      JSON.stringify({
        labels: { 0: 'background', 1: 'lesion' },
        training,
        modality: { 0: 'MRI' },
      }),
    );
    await expect(casesBySite({ kind: 'iid' })).rejects.toMatchObject({
      code: 'simulator/cohort-empty',
    });
  });
});
