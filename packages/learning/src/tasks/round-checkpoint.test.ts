import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sha256File, silentLogger, systemClock } from '@fedvox/base/system';
import type { DatasetSpec } from '@fedvox/imaging';
import type { Job, JobInput } from '@fedvox/job';
import { encodeWeights } from '@fedvox/weights';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { initialModel } from '../networks/network.js';
import { TEST_ENGINES } from '../testing/engines.js';
import { writeBallDataset } from '../testing/phantom-dataset.js';
import { ballJob } from '../testing/phantoms.js';
import type { Progress, TrainingInput } from './input.js';
import { trainRound } from './round.js';

/** Networks are trained: slow on a busy machine, and nothing else. */
vi.setConfig({ testTimeout: 120_000 });

const EVERY = 2;
const UNET = { kind: 'unet', channels: [2, 2], strides: [2], residualUnits: 0 } as const;
const SGD = { kind: 'sgd', learningRate: 0.05 } as const;

const jobWith = (
  training: Partial<JobInput['training']>,
  strategy: JobInput['federation']['strategy'] = { kind: 'fedavg' },
  network: Partial<JobInput['network']> = {},
) =>
  ballJob({
    augment: [{ kind: 'flip', axes: ['x', 'y', 'z'], probability: 0.5 }],
    network: { ...UNET, ...network } as JobInput['network'],
    training: { batchSize: 2, checkpointEvery: EVERY, localEpochs: 2, ...training },
    federation: { rounds: 2, minSites: 2, strategy },
  });

const JOBS: Readonly<Record<string, Job>> = {
  'momentum, in steps of several batches': jobWith({
    batchSize: 1,
    accumulate: 2,
    optimizer: { ...SGD, momentum: 0.9 },
  }),
  'AdamW, on patches, with drop-out': jobWith(
    { optimizer: { kind: 'adamw' }, patches: { size: [4, 4, 4], perCase: 2 } },
    undefined,
    { dropout: 0.2 },
  ),
  'a schedule over steps that end within an epoch': jobWith({
    ...{ localEpochs: 1, localSteps: 4, optimizer: SGD },
    schedule: { kind: 'cosine', over: 'steps' },
  }),
  'counted statistics': jobWith({}, undefined, {
    norm: { kind: 'batch', statistics: 'averaged' },
  }),
  FedProx: jobWith({}, { kind: 'fedprox', mu: 1 }),
  SCAFFOLD: jobWith({ localEpochs: 1, localSteps: 5, optimizer: SGD }, { kind: 'scaffold' }),
  Ditto: jobWith({}, { kind: 'ditto', lambda: 0.5 }),
  FedBN: jobWith({}, { kind: 'fedbn' }, { norm: { kind: 'instance', affine: true } }),
};

/** What is written down is no engine's own: all jobs by the one that trains, and of the other those that keep most. */
function namesFor(engine: string): readonly string[] {
  const isOnly = TEST_ENGINES.every((each) => each.engine === engine || each.missing);
  if (engine !== 'cpu' || isOnly) return Object.keys(JOBS);
  return ['AdamW, on patches, with drop-out', 'Ditto'];
}

let folder: string;
let dataset: DatasetSpec;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'fedvox-round-checkpoint-'));
  dataset = await writeBallDataset(join(folder, 'balls'), 6);
});
afterAll(() => rm(folder, { recursive: true }));

/** A site with a folder of its own, in which nothing is left of any other. */
class Place {
  readonly #told: string[] = [];

  private constructor(
    readonly root: string,
    readonly job: Job,
  ) {}

  static async of(job: Job): Promise<Place> {
    return new Place(await mkdtemp(join(folder, 'site-')), job);
  }

  get checkpoints(): string {
    return join(this.root, 'checkpoints');
  }

  /** What was said of checkpoints. */
  get told(): string {
    return this.#told.join('\n');
  }

  /** Two rounds, the second of them by what the first one left; everything that came of it. */
  async train(second: Partial<TrainingInput> = {}): Promise<readonly unknown[]> {
    return [...(await this.round(1)), ...(await this.round(2, second))];
  }

  /** All that a round leaves: the delta, what is kept, and what is said of it. */
  async round(number: number, changes: Partial<TrainingInput> = {}): Promise<readonly unknown[]> {
    const [base, delta] = ['base', 'delta'].map((name) => join(this.root, name)) as [
      string,
      string,
    ];
    await writeFile(base, encodeWeights(initialModel(this.job)));
    const after = join(this.root, `${number}`);
    await rm(after, { recursive: true, force: true });
    await mkdir(after);
    const before = number === 1 ? null : join(this.root, `${number - 1}`);
    const input = { ...this.#input(number), ...changes };
    const update = await trainRound(input, base, delta, { before, after });
    const kept = (await readdir(after)).sort().map((name) => sha256File(join(after, name)));
    return [update, await sha256File(delta), ...(await Promise.all(kept))];
  }

  #input(round: number): TrainingInput {
    const info = (_: unknown, text: string) => void this.#told.push(text);
    const log = { ...silentLogger(), info, warn: info } as unknown as TrainingInput['log'];
    return {
      ...{ job: this.job, dataset, cacheDir: join(folder, 'cache'), engine: 'cpu', round, log },
      ...{ seedLabel: `north/${round}`, clock: systemClock, checkpointDir: this.checkpoints },
    };
  }
}

/** Ends a training at its n-th batch, by what a person would do. */
function cutAt(batch: number): Partial<TrainingInput> & { readonly seen: () => number } {
  const controller = new AbortController();
  let seen = 0;
  const onProgress = ({ phase }: Progress) => {
    if (phase === 'training' && ++seen === batch) controller.abort(new Error('cut off'));
  };
  return { signal: controller.signal, onProgress, seen: () => seen };
}

describe('invariant 2: a round that was cut off', () => {
  describe.each(TEST_ENGINES)('on the $engine engine', ({ engine, missing }) => {
    it.skipIf(missing).each(namesFor(engine))(
      'goes on from its checkpoint to the bytes of one that never was: %s',
      async (name) => {
        const job = JOBS[name] as Job;
        const whole = cutAt(Number.POSITIVE_INFINITY);
        const calm = await (await Place.of(job)).train({ ...whole, engine });
        const batches = whole.seen();
        const { accumulate = 1 } = job.training;
        for (const cut of [1 + EVERY * accumulate, batches - 1]) {
          const place = await Place.of(job);
          await place.round(1);
          await rm(place.checkpoints, { recursive: true });
          await expect(place.round(2, { ...cutAt(cut), engine })).rejects.toThrow('cut off');
          const rest = cutAt(Number.POSITIVE_INFINITY);
          const resumed = await place.round(2, { ...rest, engine });
          expect(resumed).toEqual(calm.slice(-resumed.length));
          expect(rest.seen()).toBeLessThan(batches);
        }
      },
    );
  });

  it('a second time goes on from where it then was', async () => {
    const job = JOBS['FedProx'] as Job;
    const calm = await (await Place.of(job)).round(1);
    const place = await Place.of(job);
    for (const cut of [3, 3]) {
      await expect(place.round(1, cutAt(cut))).rejects.toThrow('cut off');
    }
    const rest = cutAt(Number.POSITIVE_INFINITY);
    expect(await place.round(1, rest)).toEqual(calm);
    expect(rest.seen()).toBe(2);
  });
});

describe('a checkpoint of a round', () => {
  const job = JOBS['FedProx'] as Job;
  const dropped = 'a checkpoint of another training was dropped';

  it.each([
    ['another round', { round: 3 }],
    ['another site', { seedLabel: 'south/1' }],
    ['a rate that was cut since', { rateCuts: 1 }],
    ['another job', { job: { ...job, seed: job.seed + 1 } }],
  ] as [string, Partial<TrainingInput>][])('is dropped for %s, and said so', async (_, changes) => {
    const fresh = await (await Place.of(job)).round(1, changes);
    const place = await Place.of(job);
    await expect(place.round(1, cutAt(5))).rejects.toThrow('cut off');
    expect(await place.round(1, changes)).toEqual(fresh);
    expect(place.told).toContain(dropped);
  });

  it('is dropped where a case has changed', async () => {
    const place = await Place.of(job);
    await expect(place.round(1, cutAt(5))).rejects.toThrow('cut off');
    const more = await writeBallDataset(join(place.root, 'balls'), 7);
    const fresh = await (await Place.of(job)).round(1, { dataset: more });
    expect(await place.round(1, { dataset: more })).toEqual(fresh);
    expect(place.told).toContain(dropped);
  });

  it('is dropped where it is damaged, and the round trained anew', async () => {
    const calm = await (await Place.of(job)).round(1);
    const place = await Place.of(job);
    await expect(place.round(1, cutAt(5))).rejects.toThrow('cut off');
    const [name = ''] = await readdir(place.checkpoints);
    await writeFile(join(place.checkpoints, name), 'half of it');
    expect(await place.round(1)).toEqual(calm);
    expect(place.told).toContain('a damaged checkpoint was dropped');
  });

  it('is none where the job wants none', async () => {
    const { checkpointEvery: _, ...training } = job.training;
    const plain = await Place.of({ ...job, training });
    const calm = await (await Place.of(job)).round(1);
    expect(await plain.round(1)).toEqual(calm);
    expect(await readdir(plain.root)).not.toContain('checkpoints');
  });
});
