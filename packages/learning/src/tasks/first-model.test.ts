import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isFedvoxError } from '@fedvox/base';
import { decodeWeights, encodeWeights } from '@fedvox/weights';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { saveModel } from '../bundle/saved-model.js';
import { initialModel } from '../networks/network.js';
import { ballJob } from '../testing/phantoms.js';
import { firstModel, givenModel } from './first-model.js';

describe('a job’s first model', () => {
  it('is whole weights of the job’s network, the same bytes from whoever makes it', () => {
    const job = ballJob();
    expect(firstModel(job)).toEqual(firstModel(ballJob()));
    expect(decodeWeights(firstModel(job))).toEqual(initialModel(job));
    expect(firstModel(ballJob({ seed: job.seed + 1 }))).not.toEqual(firstModel(job));
  });

  it('is not made of a job that no site could train', () => {
    const { network } = ballJob();
    const untrainable = ballJob({ network: { ...network, inChannels: 2 } });
    expect(() => firstModel(untrainable)).toThrow(
      expect.toSatisfy((error) => isFedvoxError(error, 'learning/unsupported-channels')),
    );
  });
});

describe('the first model of a warm start', () => {
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'fedvox-warm-'));
  });
  afterAll(() => rm(folder, { recursive: true }));
  const job = ballJob({ seed: 7 });
  const path = () => join(folder, 'given.safetensors');

  it('is the weights that are given, whatever job their file carries', async () => {
    const weights = initialModel(ballJob({ seed: 8 }));
    await saveModel(path(), ballJob({ name: 'earlier' }), weights);
    expect(await givenModel(job, path())).toEqual(encodeWeights(weights));
  });

  it('is refused with the names of what differs where another network made it', async () => {
    const wider = ballJob({ network: { kind: 'unet', channels: [4, 4], strides: [2] } });
    await saveModel(path(), wider, initialModel(wider));
    await expect(givenModel(job, path())).rejects.toMatchObject({
      code: 'learning/model-mismatch',
      message: expect.stringMatching(/model\.\S+ is \[[\d,]+\], the network needs \[[\d,]+\]/),
    });
  });

  it('is refused where it is damaged, or not finite', async () => {
    await writeFile(path(), 'no weights');
    await expect(givenModel(job, path())).rejects.toMatchObject({
      code: 'learning/model-unreadable',
    });
    const weights = initialModel(job);
    const [first] = weights.values();
    (first?.data as Float32Array)[0] = Number.NaN;
    await writeFile(path(), encodeWeights(weights));
    await expect(givenModel(job, path())).rejects.toMatchObject({
      code: 'learning/model-not-finite',
    });
  });
});
