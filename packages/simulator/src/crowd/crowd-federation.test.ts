import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock } from '@fedvox/base/system';
import { newJobSchema } from '@fedvox/job';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ScenarioEvent } from '../scenario/events.js';
import type { Plan } from '../scenario/plan.js';
import { USUAL_PACE } from '../scenario/site-pace.js';
import { surrogateSchema } from '../scenario/surrogate-schema.js';
import { runVirtual, type VirtualReport } from '../virtual/run-virtual.js';

let root: string;
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'fedvox-crowd-'));
});
afterAll(() => rm(root, { recursive: true }));

interface Tale {
  readonly strategy?: object;
  readonly sites?: number;
  readonly rounds?: number;
  readonly events?: readonly ScenarioEvent[];
  readonly federation?: object;
  readonly programs?: boolean;
}

function planOf({ strategy, sites: count = 4, rounds = 3, events = [], ...more }: Tale): Plan {
  const { federation = {}, programs = false } = more;
  const names = Array.from({ length: count }, (_, k) => `site-${k + 1}`);
  return {
    ...{ scenario: 'tale', federation: 'tale-consortium', mode: 'virtual', events, notes: [] },
    ...{ engine: 'cpu', device: 'cpu', precision: 'float32', threads: 1 },
    surrogate: { ...surrogateSchema.parse({ parameters: 33, programs }), seed: 4 },
    job: newJobSchema.parse({
      ...{ name: 'organ', classes: ['background', 'organ'], seed: 3 },
      preprocess: [{ kind: 'zscore' }],
      network: { kind: 'unet', channels: [4, 8], strides: [2] },
      training: { batchSize: 2, localSteps: 15, optimizer: { kind: 'sgd', learningRate: 0.05 } },
      evaluation: { bestBy: 'dice', auc: { level: 'case', classes: ['organ'] } },
      federation: { rounds, minSites: 3, deadline: '30m', sites: names, strategy, ...federation },
    }),
    sites: names.map((name) => ({ name, policy: {}, pace: USUAL_PACE })),
  };
}

async function run(tale: Tale): Promise<VirtualReport> {
  const folder = await mkdtemp(join(root, 'run-'));
  return runVirtual(planOf(tale), {
    ...{ folder, data: new Map(), cacheDir: join(folder, 'cache'), clock: systemClock },
    signal: new AbortController().signal,
    onProgress: () => undefined,
  });
}

const told = ({ best, rounds, durationMs }: VirtualReport) => ({
  ...{ sha256: best.sha256, round: best.round, rounds, durationMs },
});

describe('sites in memory', () => {
  it.each<Tale & { readonly about: string }>([
    {
      about: 'with a firewall, a site that is late and one that is poisoned',
      events: [
        { kind: 'late', site: 'site-2', round: 2, by: '10m' },
        { kind: 'poison', site: 'site-3', round: 2, factor: -4 },
      ],
    },
    { about: 'with SCAFFOLD', strategy: { kind: 'scaffold' }, federation: { minSites: 4 } },
  ])(
    'end as the programs do, in the same bytes, figures and moments: $about',
    async (tale) => {
      expect(told(await run(tale))).toEqual(told(await run({ ...tale, programs: true })));
    },
    240_000,
  );

  it('end in the programs’ bytes and figures where some come late, miss a deadline or leave', async () => {
    const tale: Tale = {
      events: [
        { kind: 'join', site: 'site-1', round: 2 },
        { kind: 'late', site: 'site-2', round: 2, by: '2h' },
        { kind: 'leave', site: 'site-4', round: 3 },
      ],
      federation: { firewall: 'off' },
      ...{ sites: 5, rounds: 4 },
    };
    const { durationMs, ...ours } = told(await run(tale));
    const { durationMs: theirsMs, ...theirs } = told(await run({ ...tale, programs: true }));
    expect(ours).toEqual(theirs);
    // When somebody who is away was last heard of depends on the polls of a wire.
    expect(Math.abs(durationMs - theirsMs)).toBeLessThan(60_000);
  }, 240_000);

  it('say what left each of them, and as many bytes of deltas as programs send', async () => {
    const { egress } = await run({});
    const [ours, theirs] = [egress, (await run({ programs: true })).egress];
    for (const site of Object.keys(theirs)) {
      expect(ours[site]?.delta).toBe(theirs[site]?.delta);
      expect(Object.keys(ours[site] ?? {}).sort()).toEqual(
        Object.keys(theirs[site] ?? {})
          .filter((kind) => kind !== 'certificate-request')
          .sort(),
      );
    }
  }, 240_000);

  it('are hundreds where programs are a few, and get nobody else’s turn', async () => {
    const { rounds } = await run({ sites: 300, rounds: 2 });
    expect(rounds.map(({ sites }) => sites.length)).toEqual([300, 300]);
    expect(rounds[1]?.dice).toBeGreaterThan(rounds[0]?.dice ?? 1);
  }, 60_000);

  it('do not have what only programs have, and say so', async () => {
    await expect(run({ federation: { encoding: { kind: 'int8' } } })).rejects.toMatchObject({
      code: 'simulator/crowd-lacks',
    });
  });
});
