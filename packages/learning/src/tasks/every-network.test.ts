import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { seededRandom, sha256 } from '@fedvox/base';
import { silentLogger, systemClock } from '@fedvox/base/system';
import { type DatasetSpec, readNifti } from '@fedvox/imaging';
import { type JobInput, NETWORK_KINDS, type NetworkKind } from '@fedvox/job';
import { encodeWeights } from '@fedvox/weights';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { readModel } from '../bundle/model-file.js';
import { initialModel } from '../networks/network.js';
import { writeBall, writeBallDataset } from '../testing/phantom-dataset.js';
import { ballCase, ballJob } from '../testing/phantoms.js';
import { givenModel } from './first-model.js';
import { trainPooled } from './pooled.js';
import { predictFile } from './predict-file.js';

/** Networks are trained: slow on a busy machine, and nothing else. */
vi.setConfig({ testTimeout: 300_000 });

/** Of each kind that finds structures the smallest that learns, for balls of 8 voxels. */
const SMALL: Readonly<Record<Exclude<NetworkKind, 'densenet'>, JobInput['network']>> = {
  unet: { kind: 'unet', channels: [4, 8], strides: [2], residualUnits: 1 },
  segresnet: {
    ...{ kind: 'segresnet', blocksDown: [1, 1], blocksUp: [1] },
    ...{ initFilters: 4, groups: 2, dropout: 0.1 },
  },
  dynunet: {
    ...{ kind: 'dynunet', filters: [4, 6, 8], strides: [2, [1, 1, 2]], deepSupervision: 1 },
    norm: { kind: 'instance', affine: true },
  },
  'swin-unetr': {
    ...{ kind: 'swin-unetr', featureSize: 12, depths: [2, 1, 1, 1], windowSize: 4 },
  },
};

/** What a job says beside its network, where the balls are smaller than the network takes. */
const FITTING: Readonly<Partial<Record<NetworkKind, Partial<JobInput>>>> = {
  'swin-unetr': {
    preprocess: [{ kind: 'orient' }, { kind: 'crop-or-pad', size: [64, 32, 32] }],
    inference: { roi: [64, 32, 32], overlap: 0.5 },
  },
};

const FINDS = NETWORK_KINDS.filter((kind) => kind !== 'densenet');

let folder: string;
let balls: DatasetSpec;
const here = (name: string) => join(folder, name);

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'fedvox-every-network-'));
  balls = await writeBallDataset(here('balls'), 8);
  await writeBall(here('balls'), 'unseen.nii.gz', ballCase(seededRandom('unseen')));
});
afterAll(() => rm(folder, { recursive: true }));

describe('a job that names batch norms', () => {
  it('finds balls by the statistics that it counted while it trained', async () => {
    const norm = { kind: 'batch', statistics: 'averaged' } as const;
    const network = { ...SMALL.unet, kind: 'unet', norm } as JobInput['network'];
    const input = {
      ...{ job: ballJob({ network }), datasets: [balls], cacheDir: here('cache') },
      ...{ engine: 'auto' as const, threads: 1, seedLabel: 'pooled' },
      ...{ clock: systemClock, log: silentLogger() },
    };
    const output = here('batch-norm.safetensors');
    const { epochs } = await trainPooled(input, { epochs: 8, output });
    expect(Math.max(...epochs.map(({ evaluation }) => evaluation.dice ?? 0))).toBeGreaterThan(0.5);
  });
});

describe.each(FINDS)('a job that names the network %s', (kind) => {
  const small = { inference: { roi: [4, 4, 8] as [number, number, number], overlap: 0.5 } };
  const job = ballJob({ network: SMALL[kind], ...small, ...FITTING[kind] });
  const output = () => here(`${kind}.safetensors`);

  it('trains it to find balls', async () => {
    const input = {
      ...{ job, datasets: [balls], cacheDir: here('cache'), engine: 'auto' as const, threads: 1 },
      ...{ seedLabel: 'pooled', clock: systemClock, log: silentLogger() },
    };
    const { epochs, best } = await trainPooled(input, { epochs: 8, output: output() });
    expect(best?.path).toBe(output());
    expect(Math.max(...epochs.map(({ evaluation }) => evaluation.dice ?? 0))).toBeGreaterThan(0.5);
  });

  it('predicts with it in windows, on the grid of the scan', async () => {
    const outputPath = here(`${kind}.nii`);
    await predictFile({
      ...{ job, modelPath: output(), inputPath: here('balls/imagesTr/unseen.nii.gz'), outputPath },
      ...{ engine: 'auto', clock: systemClock, log: silentLogger() },
    });
    const { data, shape } = await readNifti(outputPath);
    expect(shape).toEqual([8, 8, 8]);
    expect(new Set(data)).toEqual(new Set([0, 1]));
  });

  it('begins with weights that are given, and refuses those of another network', async () => {
    const trained = await readModel(output());
    expect(sha256(await givenModel(job, output()))).toBe(sha256(encodeWeights(trained)));
    const other = SMALL[kind === 'unet' ? 'segresnet' : 'unet'];
    await expect(givenModel(ballJob({ network: other }), output())).rejects.toMatchObject({
      code: 'learning/model-mismatch',
    });
    expect([...trained.keys()].sort()).toEqual([...initialModel(job).keys()].sort());
  });
});
