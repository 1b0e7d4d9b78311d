import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { silentLogger, systemClock } from '@fedvox/base/system';
import type { DatasetSpec } from '@fedvox/imaging';
import type { Job, StrategySpec } from '@fedvox/job';
import { encodeWeights, tensorOf, type Weights } from '@fedvox/weights';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { readModel } from '../bundle/model-file.js';
import { jobOfModel } from '../bundle/saved-model.js';
import { buildNetwork } from '../networks/builders.js';
import { initialModel } from '../networks/network.js';
import type { TrainingInput } from '../tasks/input.js';
import { evaluateAndTrain, evaluateModel } from '../tasks/round.js';
import { writeBallDataset } from '../testing/phantom-dataset.js';
import { ballJob } from '../testing/phantoms.js';
import { PERSONAL_FIGURES, PERSONAL_MODEL } from './personal-files.js';

/** Networks are trained: slow on a busy machine, and nothing else. */
vi.setConfig({ testTimeout: 120_000 });

let folder: string;
let dataset: DatasetSpec;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'fedvox-personal-'));
  dataset = await writeBallDataset(join(folder, 'balls'), 5);
});
afterAll(() => rm(folder, { recursive: true }));

const jobOf = (strategy: StrategySpec, network: object = {}) => {
  const job = ballJob({
    network: { kind: 'unet', channels: [2, 2], strides: [2], residualUnits: 0 },
  });
  return {
    ...job,
    network: { ...job.network, ...network },
    federation: { ...job.federation, strategy },
  };
};

/** A site that does rounds of a job, each from the model that it is given. */
class Place {
  readonly #root: string;

  constructor(
    name: string,
    readonly job: Job,
  ) {
    this.#root = join(folder, name);
  }

  keptOf(round: number): string {
    return join(this.#root, String(round));
  }

  async #prepared(round: number, model: Weights) {
    const after = this.keptOf(round);
    const before = (await this.#hasRound(round - 1)) ? this.keptOf(round - 1) : null;
    await rm(after, { recursive: true, force: true });
    await mkdir(after, { recursive: true });
    const base = join(this.#root, 'base');
    await writeFile(base, encodeWeights(model));
    return { base, kept: { before, after } };
  }

  #hasRound(round: number): Promise<boolean> {
    return readdir(this.#root).then(
      (names) => names.includes(String(round)),
      () => false,
    );
  }

  async train(round: number, model = initialModel(this.job)) {
    const { base, kept } = await this.#prepared(round, model);
    const delta = join(this.#root, 'delta');
    const { evaluation } = await evaluateAndTrain(this.#input(round), base, delta, kept);
    const own = await this.own(round).catch(() => new Map());
    return { evaluation, delta: await readModel(delta), own };
  }

  async evaluate(round: number, model = initialModel(this.job)) {
    const { base, kept } = await this.#prepared(round, model);
    return evaluateModel(this.#input(round), base, kept);
  }

  own(round: number): Promise<Weights> {
    return readModel(join(this.keptOf(round), PERSONAL_MODEL));
  }

  #input(round: number): TrainingInput {
    return {
      ...{ job: this.job, dataset, cacheDir: join(folder, 'cache'), engine: 'cpu' },
      ...{ seedLabel: `here/${round}`, clock: systemClock, log: silentLogger() },
    };
  }
}

const apart = (a: Weights, b: Weights) =>
  Math.hypot(
    ...[...a].flatMap(([name, { data }]) =>
      Array.from(data, (value, i) => value - (tensorOf(b, name).data[i] as number)),
    ),
  );

describe('Ditto at a site', () => {
  it('trains the round as FedAvg does, and a model of its own from round to round', async () => {
    const place = new Place('ditto', jobOf({ kind: 'ditto', lambda: 0.1 }));
    const plain = new Place('plain', jobOf({ kind: 'fedavg' }));
    const first = await place.train(1);
    const base = initialModel(place.job);
    expect(first.delta).toEqual((await plain.train(1)).delta);
    expect(apart(first.own, base)).toBeGreaterThan(0);
    const second = await place.train(2);
    expect(apart(second.own, first.own)).toBeGreaterThan(0);
    expect(apart(second.own, base)).toBeGreaterThan(apart(first.own, base));
    expect(encodeWeights((await place.train(2)).own)).toEqual(encodeWeights(second.own));
  });

  it('draws its own model to the one that the round began with, the more the larger λ', async () => {
    const distances: number[] = [];
    for (const lambda of [1e-6, 10]) {
      const place = new Place(`lambda-${lambda}`, jobOf({ kind: 'ditto', lambda }));
      distances.push(apart((await place.train(1)).own, initialModel(place.job)));
    }
    expect(distances[1]).toBeLessThan(0.9 * (distances[0] as number));
  });

  it('leaves a model that carries its job, and figures, for the site alone', async () => {
    const place = new Place('file', jobOf({ kind: 'ditto', lambda: 0.1 }));
    await place.train(1);
    expect(await jobOfModel(join(place.keptOf(1), PERSONAL_MODEL))).toEqual(place.job);
    const figures = JSON.parse(await readFile(join(place.keptOf(1), PERSONAL_FIGURES), 'utf8'));
    expect(figures).toEqual({
      auc: expect.any(Number),
      dice: expect.any(Number),
      validationCases: 1,
    });
  });
});

describe.each([
  { kind: 'instance', affine: true },
  { kind: 'batch', statistics: 'local' },
] as const)('FedBN at a site whose norm is $kind', (norm) => {
  const job = jobOf({ kind: 'fedbn' }, { norm });
  const { parameters } = buildNetwork(job);
  const local = parameters.filter(({ role }) => role !== 'weight').map(({ name }) => name);
  const shared = parameters.filter(({ role }) => role === 'weight').map(({ name }) => name);
  const kindOf = (name: string) => name.split('.').at(-1);
  const isStill = (weights: Weights, name: string) =>
    tensorOf(weights, name).data.every((value) => value === 0);

  it('sends nothing of what it changed of its norms, and keeps it', async () => {
    const place = new Place(`norms-${norm.kind}`, job);
    const { delta, own } = await place.train(1);
    expect(local.length).toBeGreaterThan(0);
    expect([...delta.keys()].sort()).toEqual([...local, ...shared].sort());
    expect(local.every((name) => isStill(delta, name))).toBe(true);
    expect(shared.some((name) => !isStill(delta, name))).toBe(true);
    const base = initialModel(job);
    const changed = local.filter((name) => apart(new Map([[name, tensorOf(own, name)]]), base) > 0);
    expect(new Set(changed.map(kindOf))).toEqual(new Set(local.map(kindOf)));
  });

  it('measures and trains the model of each round with its own norms in it', async () => {
    const place = new Place(`measured-${norm.kind}`, job);
    const { own } = await place.train(1);
    const base = initialModel(job);
    const withOwn: Weights = new Map(
      [...base].map(([name, tensor]) => [
        name,
        local.includes(name) ? tensorOf(own, name) : tensor,
      ]),
    );
    const plain = new Place(`as-it-is-${norm.kind}`, jobOf({ kind: 'fedavg' }, { norm }));
    const expected = await plain.evaluate(1, withOwn);
    const { evaluation } = await place.evaluate(2, base);
    expect(evaluation).toEqual(expected.evaluation);
    expect(encodeWeights(await place.own(2))).toEqual(encodeWeights(withOwn));
    expect(evaluation).not.toEqual((await plain.evaluate(1, base)).evaluation);
  });
});

describe('the statistics of batch norms at a site', () => {
  const changedBy = async (statistics: 'averaged' | 'frozen') => {
    const norm = { kind: 'batch', statistics } as const;
    const job = jobOf({ kind: 'fedavg' }, { norm });
    const { delta } = await new Place(statistics, job).train(1);
    const names = buildNetwork(job).parameters.flatMap(({ name, role }) =>
      role === 'statistic' ? [name] : [],
    );
    const changed = names.filter((name) => tensorOf(delta, name).data.some((value) => value !== 0));
    return { names, changed };
  };

  it('travel in the delta where they are averaged, each of them', async () => {
    const { names, changed } = await changedBy('averaged');
    expect(names.length).toBeGreaterThan(0);
    expect(changed).toEqual(names);
  });

  it('are as they were where they are frozen', async () => {
    const { names, changed } = await changedBy('frozen');
    expect(names.length).toBeGreaterThan(0);
    expect(changed).toEqual([]);
  });
});
