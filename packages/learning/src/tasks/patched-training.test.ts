import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sha256File, silentLogger, systemClock } from '@fedvox/base/system';
import { type DatasetSpec, directReader, type Reader } from '@fedvox/imaging';
import type { JobInput } from '@fedvox/job';
import { decodeWeights, encodeWeights } from '@fedvox/weights';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { initialModel } from '../networks/network.js';
import { writeBallDataset } from '../testing/phantom-dataset.js';
import { ballJob } from '../testing/phantoms.js';
import type { Progress, TrainingInput } from './input.js';
import { type PooledOptions, trainPooled } from './pooled.js';
import { trainRound } from './round.js';
import { checkData } from './site-data.js';

const SIZE = 20;
let folder: string;
let dataset: DatasetSpec;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'fedvox-patches-'));
  dataset = await writeBallDataset(join(folder, 'balls'), 5, SIZE);
});
afterAll(() => rm(folder, { recursive: true }));
const here = (name: string) => join(folder, name);

const patches = { size: [8, 8, 8], perCase: 3 } satisfies JobInput['training']['patches'];
const training = { ...ballJob().training, patches };
const job = ballJob({ training });

function inputFor(changes: Partial<TrainingInput> = {}): TrainingInput {
  return {
    ...{ job, dataset, cacheDir: here('cache'), engine: 'cpu', seedLabel: 'hospital/1' },
    ...{ clock: systemClock, log: silentLogger(), ...changes },
  };
}

describe('training on patches', () => {
  it('learns to find a ball in scans that are larger, and goes on from a cut to the same bytes', async () => {
    const train = (changes: Partial<PooledOptions> = {}) =>
      trainPooled(
        { ...inputFor(), datasets: [dataset] },
        { epochs: 8, output: here('calm.safetensors'), ...changes },
      );
    const calm = await train();
    const { epoch, sha256 } = calm.best!;
    expect(calm.epochs[epoch - 1]?.evaluation.dice).toBeGreaterThan(0.7);

    const cut = {
      output: here('cut.safetensors'),
      checkpoint: { path: here('cut.checkpoint'), everySteps: 1, resume: true },
    };
    const cutOff = new Error('cut off');
    const controller = new AbortController();
    const onProgress = ({ phase, epoch, done }: Progress) => {
      if (phase === 'training' && epoch === 3 && done === 4) controller.abort(cutOff);
    };
    const dying = { ...inputFor({ signal: controller.signal, onProgress }), datasets: [dataset] };
    await expect(trainPooled(dying, { epochs: 8, ...cut })).rejects.toBe(cutOff);
    const places: unknown[] = [];
    const onResume = (place: unknown) => void places.push(place);
    const resumed = await train({ ...cut, checkpoint: { ...cut.checkpoint, onResume } });
    expect(places).toEqual([expect.objectContaining({ epoch: 3, batches: 4, cases: 8 })]);
    expect(resumed.best?.sha256).toBe(sha256);
    expect(await sha256File(cut.output)).toBe(sha256);
  }, 300_000);

  it('reads of a case what a patch needs, once it has seen that the case can be used', async () => {
    const whole: string[] = [];
    const windows: string[] = [];
    const reader: Reader = {
      ...directReader,
      readEntry: (path) => directReader.readEntry(path).finally(() => whole.push(path)),
      readWindow: (path, start, size) => {
        windows.push(size.join());
        return directReader.readWindow(path, start, size);
      },
    };
    await writeFile(here('base'), encodeWeights(initialModel(job)));
    const { trainCases } = await trainRound(inputFor({ reader }), here('base'), here('delta'));
    expect(trainCases).toBe(4);
    expect(whole).toHaveLength(5);
    expect(windows).toEqual(Array(4 * 3).fill('8,8,8'));
  });

  it('takes as many steps in a round as batches of patches make, and sends the same bytes again', async () => {
    const roundOf = async (seedLabel: string, more: object = {}) => {
      const own = ballJob({ training: { ...training, ...more } });
      await writeFile(here('base'), encodeWeights(initialModel(own)));
      return trainRound(inputFor({ job: own, seedLabel }), here('base'), here('delta'));
    };
    const round = await roundOf('hospital/1');
    expect(round).toMatchObject({ epochs: 1, localSteps: 6, trainCases: 4 });
    expect((await roundOf('hospital/1')).delta.sha256).toBe(round.delta.sha256);
    expect((await roundOf('hospital/2')).delta.sha256).not.toBe(round.delta.sha256);
    expect(await roundOf('hospital/1', { localSteps: 8 })).toMatchObject({
      epochs: 2,
      localSteps: 8,
    });
    const delta = decodeWeights(await readFile(here('delta')));
    expect([...delta.values()].some(({ data }) => data.some((value) => value !== 0))).toBe(true);
  });

  it('passes the gate with volumes of any size, and cannot where the network does not divide the patch', async () => {
    const small = await writeBallDataset(here('small'), 3, 7);
    expect(await checkData(inputFor({ dataset: small }))).toMatchObject({
      problems: [],
      usable: 3,
    });
    const odd = ballJob({ training: { ...training, patches: { size: [8, 7, 8] } } });
    await expect(checkData(inputFor({ job: odd }))).rejects.toMatchObject({
      code: 'learning/size-not-divisible',
      message: expect.stringContaining('8×7×8'),
    });
  });
});
