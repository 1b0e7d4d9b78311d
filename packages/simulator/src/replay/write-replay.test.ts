import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock } from '@fedvox/base/system';
import { newJobSchema } from '@fedvox/job';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { runFolders } from '../federation/folders.js';
import type { ScenarioEvent } from '../scenario/events.js';
import { type Plan, planRun } from '../scenario/plan.js';
import { loadScenario } from '../scenario/scenario.js';
import { USUAL_PACE } from '../scenario/site-pace.js';
import { surrogateSchema } from '../scenario/surrogate-schema.js';
import { runVirtual } from '../virtual/run-virtual.js';
import { writeReplay } from './write-replay.js';

let root: string;
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'fedvox-replay-'));
});
afterAll(() => rm(root, { recursive: true }));

const SITES = ['east', 'north', 'south', 'west'];

function planOf(events: readonly ScenarioEvent[]): Plan {
  return {
    ...{ scenario: 'tale', federation: 'tale-consortium', mode: 'virtual', events, notes: [] },
    ...{ engine: 'cpu', device: 'cpu', precision: 'float32', threads: 1 },
    surrogate: { ...surrogateSchema.parse({ parameters: 20, programs: true }), seed: 4 },
    job: newJobSchema.parse({
      ...{ name: 'organ', classes: ['background', 'organ'], seed: 3 },
      preprocess: [{ kind: 'zscore' }],
      network: { kind: 'unet', channels: [4, 8], strides: [2] },
      training: { batchSize: 2, localSteps: 15, optimizer: { kind: 'sgd', learningRate: 0.05 } },
      evaluation: { bestBy: 'dice', auc: { level: 'case', classes: ['organ'] } },
      federation: { rounds: 4, minSites: 3, deadline: '30m', sites: SITES, firewall: 'off' },
    }),
    sites: SITES.map((name) => ({
      name,
      policy: {},
      pace: { ...USUAL_PACE, secondsPerStep: name === 'north' ? 20 : 2 },
    })),
  };
}

const run = async (plan: Plan) => {
  const folder = await mkdtemp(join(root, 'run-'));
  const report = await runVirtual(plan, {
    ...{ folder, data: new Map(), cacheDir: join(folder, 'cache'), clock: systemClock },
    signal: new AbortController().signal,
    onProgress: () => undefined,
  });
  return { folder, report };
};

it('a job of real programs is repeated from its coordinator’s state: as fast, as late, as absent', async () => {
  const { folder, report } = await run(
    planOf([
      { kind: 'late', site: 'south', round: 2, by: '10m' },
      { kind: 'leave', site: 'west', round: 3 },
    ]),
  );
  const [stateDir, path] = [runFolders(folder).coordinatorState, join(root, 'replay.yaml')];
  await writeReplay(stateDir, path);
  await expect(writeReplay(stateDir, path)).rejects.toMatchObject({
    code: 'simulator/scenario-there',
  });
  const scenario = await loadScenario(path);
  expect(scenario.sites.map(({ name }) => name)).toEqual(SITES);
  const paces = new Map(scenario.sites.map(({ name, pace }) => [name, pace?.secondsPerRound ?? 0]));
  expect(paces.get('north')).toBeGreaterThan(5 * (paces.get('east') ?? 0));
  expect(scenario.events).toEqual([
    { kind: 'late', site: 'south', round: 2, by: '10m' },
    { kind: 'leave', site: 'west', round: 3 },
  ]);
  const plan = planRun(scenario, { engine: 'cpu', cores: 1 });
  const { report: again } = await run(plan);
  expect(again.rounds.map(({ sites }) => sites.filter(({ dice }) => dice !== null).length)).toEqual(
    report.rounds.map(({ sites }) => sites.filter(({ dice }) => dice !== null).length),
  );
  expect(again.durationMs / report.durationMs).toBeGreaterThan(0.8);
  expect(again.durationMs / report.durationMs).toBeLessThan(1.2);

  // And with a change: what if another one were late, beyond the deadline, every time?
  const late: ScenarioEvent = { kind: 'late', site: 'east', round: 1, untilRound: 4, by: '2h' };
  const { report: changed } = await run({ ...plan, events: [late] });
  expect(changed.durationMs).toBeGreaterThan(2 * again.durationMs);
}, 240_000);
