import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { assert, type Clock, sha256 } from '@fedvox/base';
import { systemClock } from '@fedvox/base/system';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { submitJob } from '../core/job-machine.js';
import type { JobEffect } from '../core/job-state.js';
import { passedSites } from '../core/standing.js';
import { taskOf } from '../core/tasks.js';
import { openSqliteStore } from '../store/sqlite-store.js';
import type { Store } from '../store/store.js';
import { JobRegistry } from './job-registry.js';

const SITES = ['east', 'north', 'south', 'west'];
const clock: Clock = { ...systemClock, nowMs: () => 10 };

describe('two registries on one state file', () => {
  let folder: string;
  let store: Store;
  let registries: readonly JobRegistry[];
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'fedvox-registry-'));
    await openWithJob('state.sqlite');
  });
  afterEach(async () => {
    await store.close();
    await rm(folder, { recursive: true });
  });

  /** Both know the job; each decides by what it has seen of it. */
  async function openWithJob(file: string): Promise<void> {
    store = await openSqliteStore(join(folder, file));
    const initialModel = sha256('initial');
    const plan = { jobId: 'job', rounds: 1, minSites: 2, deadlineMs: 1_000, initialModel };
    const { state, facts } = submitJob({ ...plan, invitedSites: SITES }, 0);
    const job = { name: 'a-job', jobSha256: sha256('job'), submittedAtMs: 0, state, facts };
    await store.addJob(job);
    registries = [await JobRegistry.load(store, clock), await JobRegistry.load(store, clock)];
  }

  function reportGate(by: number, site: string) {
    return registries[by]!.advance('job', ({ state }, nowMs) => {
      if (taskOf(state, site, nowMs)?.kind !== 'check-data') return null;
      const passed = { outcome: 'pass', figures: null, askAgainAtMs: 0, nowMs } as const;
      return { event: { kind: 'gate-reported', site, ...passed } };
    });
  }

  it('lose none of the answers that come to both at once, and count none twice', async () => {
    const call = fc.record({
      by: fc.integer({ min: 0, max: 1 }),
      site: fc.constantFrom(...SITES),
    });
    let files = 0;
    const property = fc.asyncProperty(fc.array(call, { maxLength: 12 }), async (calls) => {
      await store.close();
      await openWithJob(`${files++}.sqlite`);
      await Promise.all(calls.map(({ by, site }) => reportGate(by, site)));
      const passed = [...new Set(calls.map(({ site }) => site))].sort();
      const reported = (await store.facts(0, 100)).flatMap(({ fact }) =>
        fact.kind === 'gate-reported' ? [fact.site] : [],
      );
      expect(reported.sort()).toEqual(passed);
      const stored = await store.job('job');
      expect(stored && passedSites(stored.state)).toEqual(passed);
    });
    await fc.assert(property, { numRuns: 15 });
  });

  it('decide on what the other has stored, and see it from then on', async () => {
    for (const site of SITES) await reportGate(0, site);
    const seen: string[] = [];
    await registries[1]!.advance('job', ({ state }, nowMs) => {
      seen.push(state.activity.kind);
      return { event: { kind: 'paused', nowMs } };
    });
    expect(seen).toEqual(['gate', 'round']);
    expect(registries[1]!.get('job').state).toEqual((await store.job('job'))?.state);
  });

  it('carry out what the other’s change asks for as well, once they know of it', async () => {
    const due: JobEffect[] = [];
    registries[1]!.onProgress(({ effects }) => due.push(...effects));
    for (const site of SITES) await reportGate(0, site);
    const event = { kind: 'round-opened', round: 1, nowMs: 10 } as const;
    await registries[0]!.advance('job', () => ({ event }));
    const answer = { kind: 'given-up' } as const;
    for (const site of SITES) {
      const event = { kind: 'site-answered', site, answer, nowMs: 10 } as const;
      await registries[0]!.advance('job', () => ({ event }));
    }
    await registries[1]!.advance('job', (_, nowMs) => ({ event: { kind: 'paused', nowMs } }));
    expect(due.map(({ kind }) => kind)).toEqual(['settle-updates']);
  });

  it('know no job any more that the other has deleted', async () => {
    await registries[0]!.advance('job', () => ({ event: { kind: 'aborted' } }));
    await registries[0]!.delete('job', 'a-job');
    await expect(reportGate(1, 'north')).rejects.toMatchObject({ code: 'coordinator/no-such-job' });
    expect(registries[1]!.all()).toEqual([]);
  });

  it('give a change up that is overtaken every time, by name', async () => {
    const record: Store['record'] = async (transition) => {
      const { state } = transition;
      const seen = await store.job('job');
      assert(seen !== undefined, 'the test has added the job');
      await store.record({ state, seen, facts: [], atMs: 10 });
      await store.record(transition);
    };
    const overtaken = await JobRegistry.load({ ...store, record }, clock);
    let decisions = 0;
    const pausing = overtaken.advance('job', ({ state }, nowMs) => {
      decisions += 1;
      return { event: { kind: state.status === 'running' ? 'paused' : 'resumed', nowMs } };
    });
    await expect(pausing).rejects.toMatchObject({ code: 'coordinator/job-changed' });
    expect(decisions).toBe(8);
    expect(await store.facts(0, 100)).toHaveLength(1);
  });
});
