import { sha256, VirtualClock } from '@fedvox/base';
import { silentLogger } from '@fedvox/base/system';
import { describe, expect, it } from 'vitest';
import { submitJob } from '../core/job-machine.js';
import type { JobEvent } from '../core/job-state.js';
import { openSqliteStore } from '../store/sqlite-store.js';
import type { Store } from '../store/store.js';
import { DeadlineWatch } from './deadline-watch.js';
import { JobRegistry } from './job-registry.js';

const DAY_MS = 86_400_000;

describe('the watch over deadlines', () => {
  it('closes a roll call at its deadline, though nobody says anything', async () => {
    const { store, clock } = await withJob(5_000);
    const registry = await JobRegistry.load(store, clock);
    const watch = new DeadlineWatch(registry, clock, silentLogger(), () => true);
    const running = watch.run();
    const failed = statusChange(registry);
    await settle();
    clock.leap(4_999);
    await settle();
    expect(registry.get('job').state.status).toBe('running');
    clock.leap(1);
    await expect(failed).resolves.toBe('failed');
    watch.stop();
    await running;
    await store.close();
  });

  it('keeps a deadline that passed while no coordinator was running', async () => {
    const { store, clock } = await withJob(5_000);
    clock.leap(DAY_MS);
    const registry = await JobRegistry.load(store, clock);
    const failed = statusChange(registry);
    const watch = new DeadlineWatch(registry, clock, silentLogger(), () => true);
    const running = watch.run();
    await expect(failed).resolves.toBe('failed');
    watch.stop();
    await running;
    await store.close();
  });

  it('waits out a deadline longer than a timer can hold', async () => {
    const { store, clock } = await withJob(40 * DAY_MS);
    const registry = await JobRegistry.load(store, clock);
    const watch = new DeadlineWatch(registry, clock, silentLogger(), () => true);
    const running = watch.run();
    await settle();
    clock.leap(39 * DAY_MS);
    await settle();
    expect(registry.get('job').state.status).toBe('running');
    const failed = statusChange(registry);
    clock.leap(DAY_MS);
    await expect(failed).resolves.toBe('failed');
    watch.stop();
    await running;
    await store.close();
  });

  it('looks who is away once a second at most, however many answers come in, and then closes', async () => {
    const sites = Array.from({ length: 40 }, (_, k) => `site-${k}`);
    const { store, clock } = await withJob(DAY_MS, sites);
    const registry = await JobRegistry.load(store, clock);
    let asked = 0;
    const watch = new DeadlineWatch(registry, clock, silentLogger(), (site) => {
      asked += 1;
      return site === sites[0];
    });
    const running = watch.run();
    const advance = (event: JobEvent) => registry.advance('job', () => ({ event }));
    const passed = { outcome: 'pass', figures: null, askAgainAtMs: 0 } as const;
    for (const site of sites) await advance({ kind: 'gate-reported', site, ...passed, nowMs: 0 });
    await advance({ kind: 'round-opened', round: 1, nowMs: 0 });
    for (const site of sites.slice(1)) {
      const answer = { kind: 'update', statement: sha256(site) } as const;
      await advance({ kind: 'site-answered', site, answer, nowMs: 0 });
      await settle();
    }
    expect(asked).toBe(sites.length);
    const closed = new Promise((resolve) => {
      registry.onProgress(({ facts }) => resolve(facts));
    });
    clock.leap(1_000);
    await expect(closed).resolves.toMatchObject([{ kind: 'round-closing', cause: 'grace-over' }]);
    watch.stop();
    await running;
    await store.close();
  });
});

async function withJob(
  deadlineMs: number,
  invitedSites: readonly string[] = ['north'],
): Promise<{ store: Store; clock: VirtualClock }> {
  const store = await openSqliteStore(':memory:');
  const clock = new VirtualClock({ startMs: 1_000 });
  const [jobSha256, submittedAtMs] = [sha256('job'), clock.nowMs()];
  const plan = {
    jobId: 'job',
    rounds: 1,
    minSites: 1,
    deadlineMs,
    gateMs: deadlineMs,
    invitedSites,
    initialModel: sha256('model'),
  };
  const { state, facts } = submitJob(plan, submittedAtMs);
  await store.addJob({ name: 'job', jobSha256, submittedAtMs, state, facts });
  return { store, clock };
}

function statusChange(registry: JobRegistry): Promise<string> {
  return new Promise((resolve) => {
    registry.onProgress(({ job }) => resolve(job.state.status));
  });
}

/** Lets everything that can happen without time passing happen. */
async function settle(): Promise<void> {
  for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setImmediate(resolve));
}
