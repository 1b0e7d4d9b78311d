import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { silentLogger, systemClock } from '@fedvox/base/system';
import type { DatasetSpec } from '@fedvox/imaging';
import { newJobSchema } from '@fedvox/job';
import { selectEngine } from '@fedvox/learning';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runFolders } from '../federation/folders.js';
import { phantomSchema } from '../phantom/phantom.js';
import { prepareData } from '../prepare-data.js';
import type { RoundRow } from '../run-report.js';
import type { ScenarioEvent } from '../scenario/events.js';
import type { Plan } from '../scenario/plan.js';
import { USUAL_PACE } from '../scenario/site-pace.js';
import { runVirtual, type VirtualReport } from './run-virtual.js';

const SITES = ['east', 'north', 'south'];
const MINUTE_MS = 60_000;
const signal = new AbortController().signal;

let root: string;
let plan: Plan;
let data: ReadonlyMap<string, DatasetSpec>;
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'fedvox-virtual-'));
  const { name: engine } = await selectEngine('auto', { log: silentLogger(), threads: 1 });
  const phantom = phantomSchema.parse({
    kind: 'phantom',
    cases: 6,
    scanner: { plane: 'axial', spacingMm: [6, 6, 6], noise: 0.02, biasField: 0.1 },
  });
  plan = {
    ...{ scenario: 'tale', federation: 'tale-consortium', mode: 'virtual', events: [] },
    ...{ engine, device: 'cpu', precision: 'float32', threads: 1, notes: [] },
    job: newJobSchema.parse({
      name: 'organ',
      classes: ['background', 'organ', 'lesion'],
      preprocess: [
        { kind: 'orient', axes: 'RAS' },
        { kind: 'resample', spacingMm: [6, 6, 6] },
        { kind: 'zscore' },
        { kind: 'crop-or-pad', size: [20, 12, 12] },
      ],
      network: { kind: 'unet', channels: [4, 8], strides: [2] },
      training: { batchSize: 2, optimizer: { kind: 'adam', learningRate: 0.01 } },
      evaluation: {
        bestBy: 'dice',
        auc: { level: 'case', classes: ['lesion'] },
        validationFraction: 0.34,
      },
      federation: { rounds: 2, minSites: 2, deadline: '30m', sites: SITES, firewall: 'off' },
      seed: 3,
    }),
    sites: SITES.map((name) => ({
      ...{ name, data: phantom, pace: USUAL_PACE },
      policy: { minCasesForMetrics: 1, minCohort: 2 },
    })),
  };
  const options = { signal, onProgress: () => undefined };
  data = await prepareData(plan, runFolders(root), options);
}, 60_000);
afterAll(() => rm(root, { recursive: true }));

async function run(changes: Partial<Plan> = {}): Promise<VirtualReport> {
  const folder = await mkdtemp(join(root, 'run-'));
  return runVirtual(
    { ...plan, ...changes },
    {
      ...{ folder, data, cacheDir: join(root, 'cache'), clock: systemClock, signal },
      onProgress: () => undefined,
    },
  );
}

const told = ({ best, rounds, egress, durationMs }: VirtualReport) => {
  const { path: _, ...model } = best;
  return { best: model, rounds, egress, durationMs };
};
/** How many deltas each site sent; whoever sent most sent one in each round. */
function deltasOf({ egress, rounds }: VirtualReport) {
  const sent = Object.entries(egress).map(([site, bytes]) => [site, bytes.delta ?? 0] as const);
  const most = Math.max(...sent.map(([, bytes]) => bytes));
  return Object.fromEntries(
    sent.map(([site, bytes]) => [site, Math.round((bytes / most) * rounds.length)]),
  );
}

const events = (...list: ScenarioEvent[]) => ({ events: list });

/** Of the first test, for the others. */
const calmRuns: ReturnType<typeof told>[] = [];

describe('a federation on virtual time', () => {
  it('ends in the same bytes, figures and moments each time, whatever its threads', async () => {
    const first = told(await run());
    expect(first.rounds.map(({ sites }) => sites.map(({ site }) => site))).toEqual([SITES, SITES]);
    expect(first.best.sha256).toMatch(/^[0-9a-f]{64}$/);
    expect(told(await run({ threads: 2 }))).toEqual(first);
    calmRuns.push(first);
  }, 120_000);

  it('waits for a late site as long as its deadline lets it, and not on this machine', async () => {
    const begunMs = systemClock.nowMs();
    const late = await run(events({ kind: 'late', site: 'east', round: 2, by: '20m' }));
    expect(late.durationMs).toBeGreaterThan(20 * MINUTE_MS);
    expect(late.durationMs).toBeLessThan(21 * MINUTE_MS);
    expect(deltasOf(late)).toEqual({ east: 2, north: 2, south: 2 });
    const missed = await run(events({ kind: 'late', site: 'east', round: 2, by: '2h' }));
    expect(missed.durationMs).toBeGreaterThan(30 * MINUTE_MS);
    expect(missed.best.sha256).not.toBe(late.best.sha256);
    expect(systemClock.nowMs() - begunMs).toBeLessThan(20 * MINUTE_MS);
  }, 120_000);

  it('goes on without a site that is away, and takes it in again, or one that comes later', async () => {
    const away = await run(events({ kind: 'offline', site: 'east', round: 1, for: '3m' }));
    expect(deltasOf(away)).toEqual({ east: 2, north: 2, south: 2 });
    expect(away.durationMs).toBeGreaterThan(3 * MINUTE_MS);
    // Nobody is waited for who was not heard of for five minutes.
    const gone = await run(events({ kind: 'offline', site: 'east', round: 1, for: '1h' }));
    expect(deltasOf(gone)).toEqual({ east: 0, north: 2, south: 2 });
    const { job } = plan;
    const changing = await run({
      job: { ...job, federation: { ...job.federation, rounds: 3 } },
      ...events(
        { kind: 'join', site: 'south', round: 2 },
        { kind: 'leave', site: 'north', round: 3 },
      ),
    });
    // Whoever joins as a round opens takes part from the next one on.
    expect(deltasOf(changing)).toEqual({ east: 3, north: 2, south: 1 });
  }, 120_000);

  it('ends in the same model where an agent is killed, a line is slow and uploads arrive spoiled', async () => {
    const [calm] = calmRuns;
    const harmed = await run(
      events(
        { kind: 'crash', site: 'north', round: 1, after: '2s', for: '1m' },
        { kind: 'slow-link', site: 'south', round: 2, bytesPerSecond: 100 },
        { kind: 'corrupt', site: 'east', round: 2, uploads: 2 },
      ),
    );
    expect(harmed.best.sha256).toBe(calm?.best.sha256);
    const { east, north, south } = harmed.egress;
    expect(north?.delta).toBe(south?.delta);
    // Its first delta once, its second three times.
    expect(east?.delta).toBe(2 * (south?.delta ?? 0));
    const sendingMs = ((south?.delta ?? 0) / 2 / 100) * 1_000;
    expect(harmed.durationMs).toBeGreaterThan(MINUTE_MS + sendingMs);
  }, 120_000);

  it('trains on what a site’s scanner shows once it has drifted', async () => {
    const [calm] = calmRuns;
    const drift = { gain: 1, contrast: 3, noise: 0.2, biasField: 0.5 };
    const drifted = await run(events({ kind: 'drift', site: 'east', round: 2, ...drift }));
    expect(drifted.best.sha256).not.toBe(calm?.best.sha256);
  }, 120_000);

  it('trains on labels that are wrong from their round on, and on right ones before', async () => {
    const [calm] = calmRuns;
    const swap: [string, string] = ['background', 'organ'];
    const wrong = await run(events({ kind: 'mislabel', site: 'east', round: 2, swap }));
    expect(wrong.best.sha256).not.toBe(calm?.best.sha256);
    // North's labels are right: what it says of a model is what the training before made of it.
    const saidBy = (name: string, row: RoundRow | undefined) =>
      row?.sites.find(({ site }) => site === name)?.dice;
    expect(saidBy('north', wrong.rounds[0])).toBe(saidBy('north', calm?.rounds[0]));
    expect(saidBy('north', wrong.rounds[1])).not.toBe(saidBy('north', calm?.rounds[1]));
    expect(saidBy('east', wrong.rounds[0])).not.toBe(saidBy('east', calm?.rounds[0]));
  }, 120_000);

  it('takes what a poisoned site sends for what it says', async () => {
    const [calm] = calmRuns;
    const poisoned = await run(events({ kind: 'poison', site: 'east', round: 1, factor: -5 }));
    expect(poisoned.best.sha256).not.toBe(calm?.best.sha256);
    expect(Object.keys(poisoned.egress.east ?? {})).toContain('delta');
  }, 120_000);
});
