import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { silentLogger, systemClock } from '@fedvox/base/system';
import type { DatasetSpec } from '@fedvox/imaging';
import { type Job, type JobInput, stepPartsOfRound, trainingOfRound } from '@fedvox/job';
import { encodeWeights, tensorOf, type Weights } from '@fedvox/weights';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { readModel } from '../bundle/model-file.js';
import { selectEngine } from '../engine/engine.js';
import { voxelEngineOf } from '../engine/voxels.js';
import { initialModel, Network } from '../networks/network.js';
import type { TrainingInput } from '../tasks/input.js';
import { trainRound } from '../tasks/round.js';
import { openSite } from '../tasks/site-data.js';
import { trainingEpochs } from '../tasks/training-epochs.js';
import { writeBallDataset } from '../testing/phantom-dataset.js';
import { ballJob } from '../testing/phantoms.js';
import { CaseStore } from '../training/case-store.js';

/** Networks are trained: slow on a busy machine, and nothing else. */
vi.setConfig({ testTimeout: 120_000 });

const STEPS = 4;
const LEARNING_RATE = 0.05;
const ROUNDS = 3;
/** Of several sizes: not all have a whole number of passes in a round. */
const CASES = { east: 4, north: 7 } as const;
type Site = keyof typeof CASES;
const SITES = Object.keys(CASES) as Site[];

const jobWith = (schedule: JobInput['training']['schedule']) =>
  ballJob({
    network: { kind: 'unet', channels: [2, 2], strides: [2], residualUnits: 0 },
    training: {
      batchSize: 2,
      optimizer: { kind: 'sgd', learningRate: LEARNING_RATE },
      localSteps: STEPS,
      schedule,
    },
    federation: { rounds: ROUNDS, minSites: 2, strategy: { kind: 'scaffold' } },
  });

let folder: string;
const datasets = new Map<Site, DatasetSpec>();
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'fedvox-scaffold-'));
  for (const site of SITES) {
    datasets.set(site, await writeBallDataset(join(folder, site), CASES[site]));
  }
});
afterAll(() => rm(folder, { recursive: true }));

function inputFor(job: Job, site: Site, round: number): TrainingInput {
  return {
    ...{ job, dataset: datasets.get(site) as DatasetSpec, cacheDir: join(folder, 'cache') },
    ...{
      engine: 'cpu',
      round,
      seedLabel: `${site}/${round}`,
      clock: systemClock,
      log: silentLogger(),
    },
  };
}

/** Value by value, of weights of the same names. */
function combined(rule: (...values: number[]) => number, ...all: readonly Weights[]): Weights {
  const [first] = all as [Weights];
  return new Map(
    [...first].map(([name, { shape, data }]) => {
      const values = data.map((_, i) =>
        rule(...all.map((weights) => tensorOf(weights, name).data[i] as number)),
      );
      return [name, { shape, data: values }];
    }),
  );
}

function farthest(a: Weights, b: Weights): number {
  const apart = combined((x, y) => Math.abs(x - y), a, b);
  return Math.max(...[...apart.values()].map(({ data }) => Math.max(...data)));
}

const mean = (...values: number[]) => values.reduce((sum, v) => sum + v, 0) / values.length;

/** Rounds as sites do them, by what each kept; `between` may spoil or repeat what a site does. */
async function asSitesDo(job: Job, repeat = 1): Promise<Weights> {
  let model = initialModel(job);
  const place = await mkdtemp(join(folder, 'rounds-'));
  for (let round = 1; round <= ROUNDS; round++) {
    const base = join(place, `base-${round}`);
    await writeFile(base, encodeWeights(model));
    const deltas: Weights[] = [];
    for (const site of SITES) {
      const after = join(place, `${site}-${round}`);
      for (let attempt = 0; attempt < repeat; attempt++) {
        await rm(after, { recursive: true, force: true });
        await mkdir(after);
        const before = round === 1 ? null : join(place, `${site}-${round - 1}`);
        const update = await trainRound(inputFor(job, site, round), base, join(place, 'delta'), {
          ...{ before, after },
        });
        expect(update).toMatchObject({ localSteps: STEPS });
      }
      deltas.push(await readModel(join(place, 'delta')));
    }
    model = combined((x, ...moves) => x + mean(...moves), model, ...deltas);
  }
  return model;
}

/** The same rounds by the paper's option II, control variates and all. */
async function asThePaperSays(job: Job): Promise<Weights> {
  const voxels = voxelEngineOf(await selectEngine('cpu', { log: silentLogger() }));
  let x = initialModel(job);
  let c = combined(() => 0, x);
  const own = new Map(SITES.map((site) => [site, c]));
  for (let round = 1; round <= ROUNDS; round++) {
    const training = trainingOfRound(job, round);
    const ratePart = stepPartsOfRound(job, round);
    const parts = Array.from({ length: STEPS }, (_, step) => ratePart?.(step) ?? 1);
    const rates = parts.map((part) => part * training.optimizer.learningRate);
    const reach = rates.reduce((sum, rate) => sum + rate, 0);
    const locals: Weights[] = [];
    const changes: Weights[] = [];
    for (const site of SITES) {
      const input = inputFor(job, site, round);
      const { train } = await openSite(input, input.dataset, new CaseStore(), voxels);
      const network = Network.fromWeights(job, x);
      const before = own.get(site) as Weights;
      const correction = combined((all, one) => all - one, c, before);
      const more = { training, correction, steps: STEPS, ratePart };
      const { seedLabel } = input;
      for await (const _ of trainingEpochs(input, seedLabel, network, voxels, train, 9, more)) {
        // The network holds what there is to know.
      }
      const y = await network.weights();
      network.dispose();
      const next = combined((ci, all, from, to) => ci - all + (from - to) / reach, before, c, x, y);
      locals.push(y);
      changes.push(combined((now, was) => now - was, next, before));
      own.set(site, next);
    }
    x = combined(mean, ...locals);
    c = combined((all, ...by) => all + mean(...by), c, ...changes);
  }
  return x;
}

describe('SCAFFOLD at the sites', () => {
  it.each([
    // Halved from round to round, so that each round's move is divided by its own rate.
    jobWith({ kind: 'step', every: 1, factor: 0.5 }),
    jobWith({ kind: 'cosine', over: 'steps', warmup: { length: 2 } }),
  ])(
    'comes to the models of the paper’s option II, with real steps of a real network: $training.schedule',
    async (job) => {
      const ours = await asSitesDo(job);
      const paper = await asThePaperSays(job);
      const moved = farthest(ours, initialModel(job));
      expect(farthest(ours, paper)).toBeLessThan(1e-4 * moved);
    },
  );

  it('comes to the same bytes where each site trains each round twice', async () => {
    const job = jobWith({ kind: 'step', every: 1, factor: 0.5 });
    expect(encodeWeights(await asSitesDo(job, 2))).toEqual(encodeWeights(await asSitesDo(job)));
  });
});
