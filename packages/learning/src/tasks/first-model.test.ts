import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isFedvoxError, sha256 } from '@fedvox/base';
import type { JobInput } from '@fedvox/job';
import { decodeWeights, encodeWeights, tensorOf } from '@fedvox/weights';
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

  it('is that of a state dict, without counts of batches and what is there twice', async () => {
    const norm = { kind: 'batch', statistics: 'averaged' } as const;
    const filters = [2, 2, 2];
    const network: JobInput['network'] = { kind: 'dynunet', filters, strides: [2, 2], norm };
    const dynunet = ballJob({ network });
    const weights = initialModel(dynunet);
    const twice = ['skip_layers.downsample.conv1.conv.weight', 'input_block.conv1.conv.weight'];
    const [alias, name] = twice as [string, string];
    const all = new Map([...weights, [alias, tensorOf(weights, name)]]);
    await writeFile(path(), withCount(encodeWeights(all), 'input_block.norm1.num_batches_tracked'));
    expect(await givenModel(dynunet, path())).toEqual(encodeWeights(weights));
    await writeFile(path(), withCount(encodeWeights(weights), 'input_block.steps'));
    await expect(givenModel(dynunet, path())).rejects.toMatchObject({
      code: 'learning/model-unreadable',
      message: expect.stringContaining('tensor input_block.steps has dtype I64'),
    });
  });

  it("is that of MONAI's Swin UNETR, without the indices that its windows say", async () => {
    const network: JobInput['network'] = { kind: 'swin-unetr', featureSize: 12, windowSize: 2 };
    const swin = ballJob({ network });
    const weights = encodeWeights(initialModel(swin));
    const index = 'swinViT.layers1.0.blocks.0.attn.relative_position_index';
    await writeFile(path(), withCount(weights, index));
    // Sixteen million bytes, which `toEqual` would compare one by one.
    expect(sha256(await givenModel(swin, path()))).toBe(sha256(weights));
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

/** The same file with an int64 behind its tensors, as PyTorch has it. */
function withCount(bytes: Uint8Array, name: string): Uint8Array {
  const length = Number(Buffer.from(bytes).readBigUInt64LE(0));
  const header = JSON.parse(Buffer.from(bytes.subarray(8, 8 + length)).toString());
  const data = bytes.subarray(8 + length);
  const entry = { dtype: 'I64', shape: [], data_offsets: [data.length, data.length + 8] };
  const json = Buffer.from(JSON.stringify({ ...header, [name]: entry }));
  const prefix = Buffer.alloc(8);
  prefix.writeBigUInt64LE(BigInt(json.length));
  return Buffer.concat([prefix, json, data, Buffer.alloc(8)]);
}
