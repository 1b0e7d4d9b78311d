import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { WorkOrder } from '@fedvox/agent';
import { type Job, newJobSchema } from '@fedvox/job';
import { decodeWeights, encodeWeights } from '@fedvox/weights';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { surrogateSchema } from '../scenario/surrogate-schema.js';
import { pooledBowl } from './bowl.js';
import { firstSurrogateModel, valuesOf, weightsOf } from './surrogate-model.js';
import { type SurrogateSite, surrogateFigures, surrogateSite } from './surrogate-site.js';
import { checkSurrogateJob, surrogateWork } from './surrogate-work.js';

const SITES = ['east', 'north', 'south', 'west'];
const SURROGATE = { ...surrogateSchema.parse({ parameters: 41, spread: 1, noise: 0 }), seed: 7 };

const jobOf = (strategy: object): Job =>
  newJobSchema.parse({
    ...{ name: 'organ', classes: ['background', 'organ', 'lesion'], seed: 3 },
    preprocess: [{ kind: 'zscore' }],
    network: { kind: 'unet', channels: [4, 8], strides: [2] },
    training: { batchSize: 2, localSteps: 20, optimizer: { kind: 'sgd', learningRate: 0.1 } },
    evaluation: { bestBy: 'dice', auc: { level: 'case', classes: ['lesion'] } },
    federation: { rounds: 200, minSites: 4, strategy },
  });
const FEDAVG = jobOf({ kind: 'fedavg', weights: 'uniform' });
const siteOf = (name: string, job = FEDAVG): SurrogateSite => surrogateSite(SURROGATE, name, job);

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'fedvox-surrogate-'));
});
afterAll(() => rm(folder, { recursive: true }));

/** Rounds as agents do them, by files and by what each keeps; the mean of all sites alike. */
async function federated(job: Job, rounds: number): Promise<Float32Array> {
  const place = await mkdtemp(join(folder, 'rounds-'));
  let model = decodeWeights(firstSurrogateModel(SURROGATE.parameters));
  for (let round = 1; round <= rounds; round++) {
    const baseModelPath = join(place, 'base');
    await writeFile(baseModelPath, encodeWeights(model));
    const values = valuesOf(model);
    for (const name of SITES) {
      const after = join(place, `${name}-${round}`);
      await mkdir(after);
      const before = round === 1 ? null : join(place, `${name}-${round - 1}`);
      const deltaPath = join(place, 'delta');
      const work = { kind: 'train', round, baseModel: '' } as WorkOrder['work'];
      const kept = { before, after };
      const order = { job, work, baseModelPath, deltaPath, kept };
      const result = await surrogateWork(siteOf(name, job), 0, order);
      expect(result).toMatchObject({ kind: 'measured', localSteps: 20 });
      const delta = valuesOf(decodeWeights(await readFile(deltaPath)));
      for (const [at, change] of delta.entries()) {
        values[at] = (values[at] as number) + change / SITES.length;
      }
    }
    model = weightsOf(values);
  }
  return valuesOf(model);
}

const apart = (a: Float32Array, b: Float32Array) =>
  Math.hypot(...Array.from(a, (value, at) => value - (b[at] as number)));

describe('a surrogate’s site', () => {
  it('is the same for every seed of the training, and differs from the others', () => {
    const other = { ...FEDAVG, seed: 99 };
    expect(surrogateSite(SURROGATE, 'east', other)).toEqual(siteOf('east'));
    expect(siteOf('north').bowl).not.toEqual(siteOf('east').bowl);
    const reseeded = surrogateSite({ ...SURROGATE, seed: 8 }, 'east', FEDAVG);
    expect(reseeded.bowl).not.toEqual(siteOf('east').bowl);
  });

  it('measures the better, the nearer a model is to its optimum', () => {
    const east = siteOf('east');
    const { optimum } = east.bowl;
    expect(surrogateFigures(east, optimum)).toEqual({ dice: 1, auc: 1 });
    const figures = [0.1, 0.5, 5].map((off) =>
      surrogateFigures(
        east,
        optimum.map((value) => value + off),
      ),
    );
    const dice = figures.map((each) => each.dice);
    expect(dice).toEqual(dice.toSorted((a, b) => b - a));
    expect(figures[2]?.auc).toBeCloseTo(0.5, 2);
  });

  it('drifts under FedAvg, and not under SCAFFOLD, whose corrections are those of real sites', async () => {
    const bowls = SITES.map((name) => siteOf(name).bowl);
    const common = pooledBowl(bowls, [1, 1, 1, 1]).seen;
    const averaged = await federated(FEDAVG, 60);
    const corrected = await federated(jobOf({ kind: 'scaffold' }), 60);
    expect(apart(averaged, common)).toBeGreaterThan(0.2);
    expect(apart(corrected, common)).toBeLessThan(0.02 * apart(averaged, common));
  }, 60_000);

  it('answers the gate, and a last evaluation without a delta', async () => {
    const order = { job: FEDAVG, deltaPath: join(folder, 'none') };
    const checked = await surrogateWork(siteOf('east'), 0, {
      ...order,
      work: { kind: 'check-data' },
    });
    expect(checked).toMatchObject({ kind: 'checked', outcome: 'pass' });
    const baseModelPath = join(folder, 'model');
    await writeFile(baseModelPath, firstSurrogateModel(SURROGATE.parameters));
    const work = { kind: 'evaluate', round: 1, baseModel: '' } as const;
    const told = await surrogateWork(siteOf('east'), 0, { ...order, work, baseModelPath });
    expect(told).toMatchObject({ kind: 'measured', delta: null });
  });
});

it('a strategy that is about norms or about a site’s own model is refused by name', () => {
  expect(() => checkSurrogateJob(jobOf({ kind: 'ditto', lambda: 0.1 }))).toThrow(
    expect.objectContaining({ code: 'simulator/surrogate-lacks' }),
  );
  checkSurrogateJob(FEDAVG);
});
