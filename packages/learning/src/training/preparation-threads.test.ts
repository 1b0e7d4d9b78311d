import { seededRandom, sha256 } from '@fedvox/base';
import { systemClock } from '@fedvox/base/system';
import { type LabelledCase, portableVoxels } from '@fedvox/imaging';
import { augmentStepSchema, type Size } from '@fedvox/job';
import { registerTorchBackend, torchAvailability } from '@fedvox/tfjs-backend-torch';
import { afterEach, describe, expect, it } from 'vitest';
import { voxelEngineOf } from '../engine/voxels.js';
import { epochBatches } from './batches.js';
import { PreparationThreads } from './preparation-threads.js';
import { directPreparer, type Preparation, type Preparer } from './preparer.js';

const STEPS = [
  { kind: 'flip', axes: ['x', 'y', 'z'] },
  { kind: 'affine', rotateDegrees: [20, 20, 20], scale: [0.2, 0.2, 0.2] },
  { kind: 'elastic', sigmaVoxels: 2, magnitudeVoxels: 20 },
  { kind: 'noise', standardDeviation: 0.3 },
  { kind: 'smooth', sigmaVoxels: [0.5, 1.5] },
  { kind: 'gamma', range: [0.7, 1.5] },
  { kind: 'bias-field', degree: 3, maxCoefficient: 0.3 },
  { kind: 'low-resolution', zoom: [0.4, 0.8] },
].map((step) => augmentStepSchema.parse({ probability: 0.7, ...step }));
const EVEN: Size = [2, 2, 2];
const TOO_LARGE = [...STEPS, augmentStepSchema.parse({ kind: 'crop', size: [64, 4, 4] })];

function caseOf(seed: number, size = 24): LabelledCase {
  const random = seededRandom(seed);
  const grid = {
    shape: [size, size, size] as const,
    affineRas: [1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1],
  };
  const length = size ** 3;
  return {
    image: { ...grid, data: Float32Array.from({ length }, () => random.normal()) },
    label: { ...grid, data: Uint8Array.from({ length }, () => random.below(3)) },
  };
}

const CASES = [1, 2, 3, 4, 5].map((seed) => caseOf(seed));
const preparation = (seed: string, changes: Partial<Preparation> = {}): Preparation => ({
  ...{ steps: STEPS, seed, voxels: portableVoxels, ...changes },
});

const opened: PreparationThreads[] = [];
function threads(count: number): PreparationThreads {
  const all = new PreparationThreads(systemClock, count);
  opened.push(all);
  return all;
}
afterEach(async () => {
  await Promise.all(opened.splice(0).map((each) => each.close()));
});

/** Of every voxel of an epoch, in its order. */
async function epochDigest(preparer: Preparer, voxels = portableVoxels): Promise<string> {
  const random = seededRandom('epoch');
  const cases = CASES.map((each) => async () => each);
  const options = { batchSize: 2, augment: STEPS, divisor: EVEN, random };
  const digests: string[] = [];
  for await (const batch of epochBatches({ cases, ...options, preparer, voxels })) {
    for (const { image, ...truth } of batch) {
      const classes = 'label' in truth ? truth.label.data : [];
      digests.push(
        sha256(Buffer.concat([Buffer.from(image.data.buffer), Uint8Array.from(classes)])),
      );
    }
  }
  expect(digests).toHaveLength(CASES.length);
  return digests.join();
}

describe('cases that threads prepare', () => {
  it('have the same bits of any number of threads, by TypeScript and by libtorch', async () => {
    const expected = await epochDigest(directPreparer);
    const engines = [portableVoxels];
    if (torchAvailability().available) {
      await registerTorchBackend({ threads: 2, device: 'cpu' });
      engines.push(voxelEngineOf({ name: 'torch' }));
    }
    for (const voxels of engines) {
      for (const count of [1, 2, 3]) {
        expect(await epochDigest(threads(count), voxels)).toBe(expected);
      }
    }
  });

  it('leave the case as it was', async () => {
    const [source] = CASES as [LabelledCase];
    const before = structuredClone(source);
    const prepared = await threads(1).prepared(source, preparation('one'));
    expect(prepared.image.data).not.toEqual(before.image.data);
    expect(source).toEqual(before);
  });

  it('are refused by the name that a step gives, and the next one is prepared', async () => {
    const all = threads(1);
    const [source] = CASES as [LabelledCase];
    const refused = all.prepared(source, preparation('one', { steps: TOO_LARGE }));
    const next = all.prepared(source, preparation('two'));
    await expect(refused).rejects.toMatchObject({
      code: 'imaging/patch-too-large',
      message: expect.stringContaining('64 × 4 × 4'),
      advice: expect.any(String),
    });
    expect(await next).toEqual(await directPreparer.prepared(source, preparation('two')));
  });

  it('are not begun once nobody wants them', async () => {
    const all = threads(1);
    const left = new AbortController();
    const [source] = CASES as [LabelledCase];
    const wanted = Array.from({ length: 100 }, (_, seed) =>
      all.prepared(source, preparation(`${seed}`, { signal: left.signal })),
    );
    left.abort(new Error('left'));
    const outcomes = await Promise.allSettled(wanted);
    const dropped = outcomes.filter(({ status }) => status === 'rejected');
    // The thread may have begun one or two that lay with it; those that did not yet lie with it, none.
    expect(dropped.length).toBeGreaterThanOrEqual(36);
    for (const each of dropped) expect(each).toMatchObject({ reason: { message: 'left' } });
  });

  it('fail by name when their thread ends in the middle, and a new one prepares the next', async () => {
    const all = threads(2);
    const source = caseOf(1, 64);
    const cut = [1, 2, 3].map((seed) => all.prepared(source, preparation(`${seed}`)));
    const outcomes = Promise.allSettled(cut);
    await all.close();
    for (const outcome of await outcomes) {
      expect(outcome).toMatchObject({ reason: { code: 'learning/preparation-died' } });
    }
    await expect(all.prepared(source, preparation('next'))).resolves.toHaveProperty('image');
  });

  it('keep waiting nobody that leaves an epoch early', async () => {
    const all = threads(1);
    const cases = Array.from({ length: 40 }, () => async () => caseOf(1, 32));
    const options = { batchSize: 4, augment: STEPS, divisor: EVEN };
    const random = seededRandom('early');
    for await (const batch of epochBatches({ cases, ...options, random, preparer: all })) {
      expect(batch).toHaveLength(4);
      break;
    }
    // What was asked for ahead is not in the way of whoever comes next.
    const [source] = CASES as [LabelledCase];
    const next = await all.prepared(source, preparation('next'));
    expect(next).toEqual(await directPreparer.prepared(source, preparation('next')));
  });
});
