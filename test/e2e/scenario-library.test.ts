import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock, testDataDir } from '@fedvox/base/system';
import { type SimulateOptions, simulateScenario } from '@fedvox/simulator';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { FEDVOX } from './fedvox-command.js';

/** `npm run scenario-library` holds all; elsewhere the shortest stand for them. */
const isWhole = process.env['FEDVOX_SCENARIO_LIBRARY'] === 'all';
const MINUTE_MS = 60_000;
const { signal } = new AbortController();

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'fedvox-library-'));
});
afterAll(() => rm(folder, { recursive: true }));

const simulated = (name: string, options: Partial<SimulateOptions> = {}) =>
  simulateScenario(`scenarios/${name}.yaml`, {
    ...{ command: FEDVOX, clock: systemClock, signal, onProgress: () => undefined },
    out: join(folder, name),
    ...options,
  });

async function run(name: string, options?: Partial<SimulateOptions>) {
  const outcome = await simulated(name, options);
  if (outcome.kind !== 'run') throw new Error(`${name} compares`);
  return outcome.report;
}

/** The variants and baselines of a comparison, by name. */
async function compared(name: string) {
  const outcome = await simulated(name);
  if (outcome.kind !== 'comparison') throw new Error(`${name} compares nothing`);
  const { variants } = outcome.comparison;
  return (variant: string) => {
    const found = variants.find((one) => one.name === variant);
    if (found === undefined) throw new Error(`${name} has no variant ${variant}`);
    const { bytes, durationMs, dice, curve, bySite, byClass } = found;
    return {
      ...{ curve, bySite, byClass, bytes: bytes ?? 0, durationMs: durationMs ?? 0 },
      dice: dice?.mean ?? 0,
    };
  };
}

/** Every expectation is the one that the scenario's description asks about. */
describe('in the scenario library', { timeout: 1_200_000 }, () => {
  it.runIf(isWhole)(
    'a straggler costs the deadline of two rounds, and a buffer waits for nobody',
    async () => {
      const of = await compared('straggler');
      const lostMs = of('deadline').durationMs - of('on-time').durationMs;
      expect(lostMs).toBeGreaterThan(29 * MINUTE_MS);
      expect(lostMs).toBeLessThan(40 * MINUTE_MS);
      expect(of('deadline').bytes).toBeLessThan(of('on-time').bytes);
      expect(of('fedbuff').durationMs).toBeLessThan(of('deadline').durationMs / 2);
      expect(of('deadline').dice).toBeGreaterThan(of('on-time').dice - 0.15);
    },
  );

  it('a dropout in every round costs its updates, and little of the model', async () => {
    const of = await compared('dropout');
    expect(of('dropout').curve).toHaveLength(4);
    expect(of('dropout').bytes).toBeLessThan(0.75 * of('nobody-away').bytes);
    expect(of('dropout').dice).toBeGreaterThan(of('nobody-away').dice - 0.2);
  });

  it.runIf(isWhole)('a scanner that drifts makes the model worse', async () => {
    const of = await compared('scanner-drift');
    expect(of('drift').curve.at(-1)).toBeLessThan((of('nothing-drifts').curve.at(-1) ?? 0) - 0.05);
  });

  it.runIf(isWhole)(
    'labels that are wrong at one site cost all of them, a median least',
    async () => {
      const of = await compared('mislabelled-site');
      for (const variant of ['firewall', 'no-firewall', 'median']) {
        expect(of(variant).dice).toBeLessThan(of('rightly-labelled').dice);
        // Its own figures are of its own labels: the job believes its model to be worse than it is.
        expect(of(variant).curve.at(-1)).toBeLessThan(of(variant).dice - 0.1);
      }
      expect(of('median').dice).toBeGreaterThan(of('no-firewall').dice - 0.05);
    },
  );

  it.runIf(isWhole)(
    'a tiny hospital has a better model than its own, though it tells no figures',
    async () => {
      const of = await compared('tiny-hospital');
      const tiny = (variant: string) =>
        of(variant).bySite.find(({ site }) => site === 'hospital-south')?.dice?.mean ?? 0;
      expect(tiny('fedavg')).toBeGreaterThan(tiny('alone') + 0.1);
      const path = join(folder, 'tiny-hospital', 'runs', 'fedavg', 'seed-1', 'report.json');
      const { rounds } = JSON.parse(await readFile(path, 'utf8')) as Awaited<
        ReturnType<typeof run>
      >;
      for (const { sites } of rounds) {
        const figures = sites.find(({ site }) => site === 'hospital-south');
        expect(figures).toMatchObject({ dice: null, auc: null });
      }
    },
  );

  it('who joins late gives what it can, and who leaves what it gave', async () => {
    const { egress, rounds } = await run('joining-late');
    const one = (egress['hospital-east']?.delta ?? 0) / 4;
    expect(egress['hospital-north']?.delta).toBe(3 * one);
    expect(egress['hospital-south']?.delta).toBe(2 * one);
    expect(rounds).toHaveLength(4);
    const north = rounds.at(-1)?.sites.find(({ site }) => site === 'hospital-north');
    expect(north).toMatchObject({ dice: null, auc: null });
  });

  it.runIf(isWhole)(
    'a poor line is the less of a burden the fewer bytes there are, for a model about as good',
    async () => {
      const of = await compared('bandwidth-poor');
      expect(of('int8').bytes).toBeLessThan(of('float32').bytes / 2);
      expect(of('int8').durationMs).toBeLessThan(of('float32').durationMs * 0.8);
      expect(of('int8').dice).toBeGreaterThan(of('float32').dice - 0.15);
    },
  );

  it.runIf(isWhole)('hospitals of unlike patients have a better model together', async () => {
    const of = await compared('label-skew');
    expect(of('fedavg').dice).toBeGreaterThan(of('alone').dice + 0.05);
    const organ = (variant: string) =>
      of(variant).byClass.find(({ name }) => name === 'organ')?.dice?.mean ?? 0;
    expect(organ('fedavg')).toBeGreaterThan(organ('alone') + 0.1);
  });

  it.runIf(isWhole && testDataDir() !== undefined)(
    'hippocampi by scanner train though one scanner was changed',
    async () => {
      const { rounds } = await run('hippocampus-by-scanner', {
        data: testDataDir() as string,
        rounds: 2,
      });
      expect(rounds.at(-1)?.sites.map(({ site }) => site)).toEqual(['site-a', 'site-b', 'site-c']);
      for (const { dice } of rounds.at(-1)?.sites ?? []) expect(dice).toBeGreaterThan(0.2);
    },
  );
});
