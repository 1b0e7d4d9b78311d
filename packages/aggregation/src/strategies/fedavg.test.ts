import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { sha256 } from '@fedvox/base';
import { decodeWeights, type TensorSource, type TensorSpec, tensorOf } from '@fedvox/weights';
import { WeightsFile, writeWeightsFile } from '@fedvox/weights/files';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { aggregate, type SiteUpdate } from '../index.js';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'fedvox-fedavg-'));
});
afterAll(() => rm(folder, { recursive: true }));

const golden = (name: string) =>
  fileURLToPath(new URL(`./golden/${name}.safetensors`, import.meta.url));

describe('federated averaging', () => {
  it('gives numpy’s float64 figures bit for bit, from files another library wrote', async () => {
    const weights = { south: 0.125, north: 208, east: 36.5 };
    const base = await WeightsFile.open(golden('base'));
    const updates = await Promise.all(
      Object.entries(weights).map(async ([site, weight]) => ({
        site,
        weight,
        delta: await WeightsFile.open(golden(`delta-${site}`)),
      })),
    );
    const path = join(folder, 'numpy.safetensors');
    const { sha256: digest } = await fedAvg({ base, updates, maxShare: null, path });
    await Promise.all([base, ...updates.map(({ delta }) => delta)].map((file) => file.close()));

    const bytes = await readFile(path);
    const expected = decodeWeights(await readFile(golden('expected')));
    const actual = decodeWeights(bytes);
    expect(digest).toBe(sha256(bytes));
    expect([...actual.keys()].sort()).toEqual([...expected.keys()].sort());
    for (const [name, { shape, data }] of expected) {
      expect(tensorOf(actual, name).shape).toEqual(shape);
      expect(bits(tensorOf(actual, name).data)).toEqual(bits(data));
    }
  });

  it('invariant 3: gives the same bytes whatever the order in which updates arrived', async () => {
    const anyUpdate = fc.record({
      weight: fc.double({ min: 1e-6, max: 1e6, noNaN: true }),
      values: fc.tuple(...Array.from({ length: 5 }, () => fc.float({ noNaN: true, max: 1e9 }))),
    });
    const property = fc.asyncProperty(
      fc.array(anyUpdate, { minLength: 2, maxLength: 6 }).chain((updates) => {
        const sites = updates.map((_, index) => index);
        const all = { minLength: sites.length, maxLength: sites.length };
        return fc.tuple(fc.constant(updates), fc.shuffledSubarray(sites, all));
      }),
      async ([drawn, order]) => {
        const bounded = drawn.map(({ weight, values }, index) => ({
          site: `site-${index}`,
          weight,
          delta: inMemory({ w: values.map((value) => Math.max(value, -1e9)) }),
        }));
        const base = inMemory({ w: [1, -2, 3e-9, 4e9, 0] });
        const average = (updates: typeof bounded) =>
          fedAvg({ base, updates, maxShare: null, path: join(folder, 'order.safetensors') });
        const shuffled = order.map((index) => bounded[index] as (typeof bounded)[number]);
        expect(await average(shuffled)).toEqual(await average(bounded));
      },
    );
    await fc.assert(property, { numRuns: 50 });
  });

  it('invariant 4: reads one delta of one tensor at a time, however many sites there are', async () => {
    let reading = 0;
    let most = 0;
    const names: string[] = [];
    const watched = (source: TensorSource): TensorSource => ({
      tensors: source.tensors,
      read: async (name, from, to) => {
        most = Math.max(most, ++reading);
        names.push(name);
        const values = await source.read(name, from, to);
        reading -= 1;
        return values;
      },
    });
    const model = { a: [1], b: [2, 3] };
    const updates = Array.from({ length: 100 }, (_, index) => ({
      site: `site-${index}`,
      weight: 1,
      delta: watched(inMemory(model)),
    }));
    await fedAvg({
      base: inMemory(model),
      updates,
      maxShare: 0.5,
      path: join(folder, 'many.safetensors'),
    });
    expect(most).toBe(1);
    expect(names.lastIndexOf('a')).toBeLessThan(names.indexOf('b'));
  });

  it('lets other work run while it averages a large tensor', async () => {
    const values = new Float32Array(5 << 20).fill(0.5);
    const large: TensorSource = {
      tensors: [{ name: 'w', shape: [values.length] }],
      read: async (_, from, to) => values.slice(from, to),
    };
    let turns = 0;
    const counter = setInterval(() => turns++, 0);
    const updates = [{ site: 'north', weight: 1, delta: large }];
    await fedAvg({ base: large, updates, maxShare: null, path: join(folder, 'large.safetensors') });
    clearInterval(counter);
    expect(turns).toBeGreaterThan(2);
  });

  it('refuses to average the same site twice', async () => {
    const update = { site: 'north', weight: 1, delta: inMemory({ w: [1] }) };
    const average = fedAvg({
      base: inMemory({ w: [0] }),
      updates: [update, update],
      maxShare: null,
      path: join(folder, 'twice.safetensors'),
    });
    await expect(average).rejects.toThrow('a site is averaged once per round');
  });
});

interface FedAvgInput {
  readonly base: TensorSource;
  readonly updates: readonly Omit<SiteUpdate, 'localSteps' | 'dice'>[];
  readonly maxShare: number | null;
  readonly path: string;
}

/** Aggregates as a job that names it does, and writes the model down. */
async function fedAvg({ base, updates, maxShare, path }: FedAvgInput) {
  const { model, serverState } = await aggregate({
    spec: { kind: 'fedavg' },
    base,
    updates: updates.map((update) => ({ ...update, localSteps: null, dice: null })),
    serverState: null,
    maxShare,
    spool: () => expect.unreachable('averaging computes everything once'),
  });
  expect(serverState).toBeNull();
  return writeWeightsFile(path, model);
}

function inMemory(model: Readonly<Record<string, readonly number[]>>): TensorSource {
  const tensors: TensorSpec[] = Object.entries(model).map(([name, values]) => ({
    name,
    shape: [values.length],
  }));
  return {
    tensors,
    read: async (name, from, to) => Float32Array.from(model[name] ?? []).subarray(from, to),
  };
}

function bits(values: Float32Array): number[] {
  return [...new Uint32Array(values.buffer, values.byteOffset, values.length)];
}
