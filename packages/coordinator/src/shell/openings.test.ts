import { VirtualClock } from '@fedvox/base';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { submitJob } from '../core/job-machine.js';
import { openSqliteStore } from '../store/sqlite-store.js';
import type { Store } from '../store/store.js';
import { plan } from '../testing/job-driver.js';
import { ChangeSignal } from './change-signal.js';
import { JobRegistry } from './job-registry.js';
import { Openings } from './openings.js';

const paused = expect.objectContaining({ code: 'refused/job-paused' });

describe('a call that waits for a job’s next round', () => {
  let clock: VirtualClock;
  let store: Store;
  let changes: ChangeSignal;
  let openings: Openings;
  beforeEach(async () => {
    clock = new VirtualClock();
    store = await openSqliteStore(':memory:');
    const registry = await JobRegistry.load(store, clock);
    const { state, facts } = submitJob(plan, 0);
    await registry.add({
      name: 'job',
      jobSha256: plan.initialModel,
      submittedAtMs: 0,
      state,
      facts,
    });
    changes = new ChangeSignal(clock);
    openings = new Openings({ registry, changes, clock });
  });
  afterEach(() => store.close());

  it('goes on with the change after which it need not, and at once where it need not at all', async () => {
    let mustWait = true;
    const waiting = openings.until('job', () => mustWait);
    changes.changed();
    await clock.advance(10_000);
    mustWait = false;
    changes.changed();
    await waiting;
    await openings.until('job', () => false);
    await openings.until('no-such-job', () => true);
  });

  it('is told to keep its update where the round is long in coming, or the coordinator ends', async () => {
    await expect(clock.passUntil(openings.until('job', () => true))).rejects.toEqual(paused);
    expect(clock.nowMs()).toBe(25_000);
    const waiting = openings.until('job', () => true);
    openings.close();
    await expect(waiting).rejects.toEqual(paused);
  });
});
