import { readFileSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { networkSchema } from '@fedvox/job';
import { decodeWeights, encodeWeights } from '@fedvox/weights';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { checkFits } from '../networks/network.js';
import { givenModel } from '../tasks/first-model.js';
import { ballJob } from '../testing/phantoms.js';
import { jobOfModel, openModel } from './saved-model.js';

/** As `state-dict-model.golden.py` made them. */
const golden = (name: string) => fileURLToPath(new URL(`golden/${name}`, import.meta.url));
const job = ballJob({
  network: networkSchema.parse({
    ...{ kind: 'unet', channels: [2, 3, 4], strides: [2, 2], residualUnits: 1 },
    norm: { kind: 'instance', affine: true },
  }),
});
const recorded = new Map(
  [...decodeWeights(readFileSync(golden('../../networks/golden/unet-affine.safetensors')))]
    .filter(([name]) => name.startsWith('weights.'))
    .map(([name, tensor]) => [name.slice('weights.'.length), tensor]),
);
const other = ballJob();

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'fedvox-state-dict-'));
});
afterEach(() => rm(folder, { recursive: true }));

describe('a state dict of MONAI', () => {
  it.each(['unet', 'unet-checkpoint', 'unet-counted', 'unet-channels-last'])(
    'is a model under the job of its network: %s',
    async (name) => {
      const path = golden(`${name}.pt`);
      expect(encodeWeights(await openModel(path, job))).toEqual(encodeWeights(recorded));
      expect(await givenModel(job, path)).toEqual(encodeWeights(recorded));
      expect(() => checkFits(job, recorded)).not.toThrow();
    },
  );

  it('is asked for its job, and has the one that is given', async () => {
    await expect(jobOfModel(golden('unet.pt'))).rejects.toMatchObject({
      code: 'learning/model-job-missing',
      advice: expect.stringContaining('--job'),
    });
    expect(await jobOfModel(golden('unet.pt'), job)).toEqual(job);
  });

  it('is refused with the names of what differs, before a value of it is read', async () => {
    const refusal = {
      code: 'learning/model-mismatch',
      message: expect.stringMatching(/it lacks model\.\S+.*; \d+ more/),
    };
    await expect(openModel(golden('unet.pt'), other)).rejects.toMatchObject(refusal);
    await expect(givenModel(other, golden('unet.pt'))).rejects.toMatchObject(refusal);
  });

  it('is refused where its training diverged', async () => {
    await expect(openModel(golden('unet-diverged.pt'), job)).rejects.toMatchObject({
      code: 'learning/model-not-finite',
      details: { tensor: 'model.0.conv.unit0.conv.bias' },
    });
  });

  it('is refused by what was found, its path and what to do beside it', async () => {
    const path = join(folder, 'model.pt');
    await writeFile(path, Buffer.from([0x80, 2, 0x8a, 10]));
    await expect(openModel(path, job)).rejects.toMatchObject({
      code: 'learning/state-dict-unreadable',
      message: `cannot read the state dict ${path}: an archive of a kind that is not read: a bare pickle, as PyTorch wrote them before 1.6`,
      advice: expect.stringContaining('torch.save(model.state_dict(), path)'),
    });
  });

  it('that is not there is a model that cannot be read', async () => {
    const reading = openModel(join(folder, 'absent.pt'), job);
    await expect(reading).rejects.toMatchObject({ code: 'learning/model-unreadable' });
  });
});
