import { sha256, VirtualClock } from '@fedvox/base';
import { silentLogger } from '@fedvox/base/system';
import { describe, expect, it } from 'vitest';
import { submitJob } from '../core/job-machine.js';
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
});

async function withJob(deadlineMs: number): Promise<{ store: Store; clock: VirtualClock }> {
  const store = await openSqliteStore(':memory:');
  const clock = new VirtualClock({ startMs: 1_000 });
  const [jobSha256, submittedAtMs] = [sha256('job'), clock.nowMs()];
  const plan = {
    jobId: 'job',
    rounds: 1,
    minSites: 1,
    deadlineMs,
    gateMs: deadlineMs,
    invitedSites: ['north'],
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
