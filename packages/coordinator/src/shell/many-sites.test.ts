import { Session } from 'node:inspector/promises';
import { type Sha256, sha256, VirtualClock } from '@fedvox/base';
import { silentLogger } from '@fedvox/base/system';
import sqlite3 from 'sqlite3';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { submitJob } from '../core/job-machine.js';
import type { JobEffect, JobEvent } from '../core/job-state.js';
import { watchProgress } from '../observation.js';
import { openSqliteStore } from '../store/sqlite-store.js';
import type { StoredUpdate } from '../store/store.js';
import { ChangeSignal } from './change-signal.js';
import { JobRegistry } from './job-registry.js';
import { TaskDesk } from './task-desk.js';
import { createTelemetry } from './telemetry.js';

const FEW = 100;
const MANY = 1_000;
/** Ten times as many sites may cost this many times as much. */
const MAX_RATIO = 12;
const ENVELOPE = JSON.stringify({
  payload: 'a'.repeat(800),
  signatures: [{ sig: 'b'.repeat(96) }],
});

/** What a round cost, in figures that are the same on any machine. */
interface Cost {
  /** How often a function or a block of the coordinator's sources ran. */
  readonly steps: number;
  readonly statements: number;
  /** Handed to the database. */
  readonly bytes: number;
}

describe('a round of many sites', () => {
  const counter = new StepCounter();
  beforeAll(() => counter.start());
  afterAll(() => counter.stop());

  it('costs ten times as much with ten times as many sites, though all of them wait for work', async () => {
    const few = await costOfRound(FEW, counter);
    const many = await costOfRound(MANY, counter);
    for (const figure of ['steps', 'statements', 'bytes'] as const) {
      expect(few[figure], figure).toBeGreaterThan(FEW);
      expect(many[figure] / few[figure], figure).toBeLessThan(MAX_RATIO);
    }
  }, 120_000);
});

/** A gate and a round through the real registry, store and desk, every site with a poll open. */
async function costOfRound(siteCount: number, counter: StepCounter): Promise<Cost> {
  const database = watchDatabase();
  const store = await openSqliteStore(':memory:');
  const clock = new VirtualClock({ startMs: 1_000 });
  const registry = await JobRegistry.load(store, clock);
  const changes = new ChangeSignal(clock);
  const tasks = new TaskDesk({
    ...{ registry, changes, clock, askAgainMs: 60_000 },
    rateCutsOf: async () => 0,
  });
  const telemetry = createTelemetry(() => siteCount);
  watchProgress(registry, { changes, telemetry, store, log: silentLogger() });
  registry.onProgress(({ effects }) => {
    for (const effect of effects) void registry.advance('job', () => ({ event: doneOf(effect) }));
  });
  const committed = new Promise<void>((resolve) => {
    registry.onProgress(({ facts }) => {
      if (facts.some(({ kind }) => kind === 'round-committed')) resolve();
    });
  });
  const sites = Array.from({ length: siteCount }, (_, k) => `site-${String(k).padStart(4, '0')}`);
  await counter.take();
  const working = Promise.all(sites.map((site) => work(site)));
  const terms = { rounds: 1, minSites: siteCount, deadlineMs: 3_600_000 };
  const plan = { jobId: 'job', invitedSites: sites, initialModel: sha256('model'), ...terms };
  const submitted = submitJob(plan, clock.nowMs());
  const registration = { name: 'job', jobSha256: sha256('job'), submittedAtMs: clock.nowMs() };
  await registry.add({ ...registration, ...submitted });
  await committed;
  tasks.close();
  await working;
  const steps = await counter.take();
  const accepted = await store.updates('job', 1);
  expect(accepted.map(({ site }) => site)).toEqual(sites);
  await registry.drained();
  await store.close();
  vi.restoreAllMocks();
  return { steps, ...database };

  /** What the desks for tasks and uploads are asked by one site. */
  async function work(site: string): Promise<void> {
    for (;;) {
      const task = await tasks.next(site, 'idle', new AbortController().signal);
      if (task === undefined || task.work.kind === 'evaluate') return;
      if (task.work.kind === 'check-data') {
        await tasks.reportGate(site, { job: task.job, outcome: 'pass', figures: 'reported' });
        continue;
      }
      const update = updateOf(site, task.work.round);
      expect(await store.lastCounter('job', site, update.keyId)).toBe(0);
      expect(await store.update(update.statementSha256)).toBeUndefined();
      await registry.advance('job', (_, nowMs) => {
        const answer = { kind: 'update', statement: update.statementSha256 } as const;
        return { event: { kind: 'site-answered', site, answer, nowMs }, update };
      });
    }
  }
}

function doneOf({ kind, round }: JobEffect): JobEvent {
  switch (kind) {
    case 'open-round':
      return { kind: 'round-opened', round, nowMs: 1_000 };
    case 'settle-updates':
      return { kind: 'updates-settled', round };
    case 'screen':
      return { kind: 'screened', round, verdicts: [], nowMs: 1_000 };
    case 'aggregate':
      return { kind: 'aggregated', round, model: sha256(`model ${round}`), serverState: null };
  }
}

function updateOf(site: string, round: number): StoredUpdate {
  const digest = (what: string): Sha256 => sha256(`${what} of ${site}, ${round}`);
  return {
    statementSha256: digest('statement'),
    jobId: 'job',
    round,
    site,
    deltaSha256: digest('delta'),
    weight: 1,
    localSteps: null,
    figures: { dice: 0.5, auc: null },
    counter: round,
    keyId: sha256(site),
    acceptedAtMs: 1_000,
    statementEnvelope: ENVELOPE,
    receiptEnvelope: ENVELOPE,
  };
}

function watchDatabase(): Pick<Cost, 'statements' | 'bytes'> {
  const cost = { statements: 0, bytes: 0 };
  for (const method of ['run', 'all'] as const) {
    const original = sqlite3.Database.prototype[method];
    vi.spyOn(sqlite3.Database.prototype, method).mockImplementation(function (
      this: never,
      ...call
    ) {
      const [, values] = call as unknown as [string, unknown[]];
      cost.statements += 1;
      for (const value of Array.isArray(values) ? values : []) cost.bytes += String(value).length;
      return (original as (...call: unknown[]) => never).apply(this, call);
    });
  }
  return cost;
}

/**
 * Counts by the engine's own coverage: functions by their calls, blocks and turns of loops as well. It
 * counts blocks in what is compiled while it runs, so it runs from the start.
 */
class StepCounter {
  readonly #session = new Session();

  async start(): Promise<void> {
    this.#session.connect();
    await this.#session.post('Profiler.enable');
    const options = { callCount: true, detailed: true };
    await this.#session.post('Profiler.startPreciseCoverage', options);
  }

  /** Since it was asked last. */
  async take(): Promise<number> {
    const { result } = await this.#session.post('Profiler.takePreciseCoverage');
    const own = result.filter(({ url }) => /packages\/coordinator\/src\/(?!.*\.test\.)/.test(url));
    const ranges = own.flatMap(({ functions }) => functions.flatMap((each) => each.ranges));
    return ranges.reduce((sum, { count }) => sum + count, 0);
  }

  stop(): void {
    this.#session.disconnect();
  }
}
