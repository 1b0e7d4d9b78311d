import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Sha256, sha256, VirtualClock } from '@fedvox/base';
import { silentLogger } from '@fedvox/base/system';
import { DEFAULT_FIREWALL, type StrategySpec } from '@fedvox/job';
import { encodeWeights } from '@fedvox/weights';
import { WeightsFile } from '@fedvox/weights/files';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { step, submitJob } from '../core/job-machine.js';
import type { JobEvent, JobState } from '../core/job-state.js';
import type { SubmittedPlan } from '../core/submitted-plan.js';
import { type BlobStore, FolderBlobs, foldersOf } from '../store/blob-store.js';
import { openSqliteStore } from '../store/sqlite-store.js';
import { FIRST_REVISION, type Store, type StoredUpdate } from '../store/store.js';
import { ComputeThreads } from '../threads/compute-threads.js';
import { JobRegistry } from './job-registry.js';
import { RoundRunner } from './round-runner.js';

/** More than the runner keeps open at once. */
const MANY_SITES = 150;
/** Nobody waits between attempts. */
const clock = { ...new VirtualClock({ startMs: 1_000 }), sleep: async () => undefined };

describe('carrying out rounds', () => {
  let stateDir: string;
  let blobs: BlobStore;
  let store: Store;
  let registry: JobRegistry;
  beforeEach(async () => {
    stateDir = await mkdtemp(join(tmpdir(), 'fedvox-rounds-'));
    blobs = await FolderBlobs.open(foldersOf(stateDir));
    store = await openSqliteStore(':memory:');
  });
  afterEach(async () => {
    await store.close();
    await rm(stateDir, { recursive: true });
  });

  it('takes up an aggregation that was due when the last process ended, of any number of sites', async () => {
    await leaveAggregating(MANY_SITES);
    const committed = next('round-committed');
    const runner = start();
    await committed;
    await runner.stop();
    // Site k has weight k + 1 and delta k: the mean is Σ (k + 1) k / Σ (k + 1) = 2 (n − 1) / 3.
    const model = encodeWeights(vector(10 + (2 * (MANY_SITES - 1)) / 3));
    const [round] = await store.rounds('job');
    expect(round?.model).toBe(sha256(model));
    expect(await blobs.find(sha256(model))).toBeDefined();
  });

  it('fails the job when an update cannot be read, and averages again once it can', async () => {
    const missing = await leaveAggregating(3);
    await rm(await blobs.path(missing));
    const failed = next('job-failed');
    const runner = start();
    await failed;
    expect(registry.get('job').state).toMatchObject({ reason: 'aggregation-failed' });
    await put(vector(0));
    const committed = next('round-committed');
    await registry.advance('job', () => ({ event: { kind: 'resumed', nowMs: 1_000 } }));
    await committed;
    await runner.stop();
    const [round] = await store.rounds('job');
    expect(round?.model).toBe(sha256(encodeWeights(vector(10 + 4 / 3))));
  });

  it('averages without what the firewall leaves out, and finds the same after a restart', async () => {
    await leaveScreening([1, 1.2, 0.9, 12]);
    const reached = next('round-aggregating');
    const killed = start();
    await reached;
    const before = await store.verdicts('job', 1);
    await killed.stop();
    registry = await JobRegistry.load(store, clock);
    const committed = next('round-committed');
    if ((await store.rounds('job'))[0]?.model === null) {
      const runner = start();
      await committed;
      await runner.stop();
    }
    const verdicts = await store.verdicts('job', 1);
    expect(verdicts).toEqual(before);
    expect(verdicts.map(({ reason }) => reason)).toEqual([null, null, null, 'norm-too-large']);
    expect(verdicts[3]?.norm).toBeCloseTo(12 * Math.SQRT2, 5);
    const [round] = await store.rounds('job');
    // Weights 1, 2 and 3; what is left out counts nothing.
    const mean = (1 * 1 + 2 * Math.fround(1.2) + 3 * Math.fround(0.9)) / 6;
    expect(round?.model).toBe(sha256(encodeWeights(vector(10 + mean))));
  });

  it('fails the job by name when an update cannot be looked at, and looks again once it can', async () => {
    const missing = await leaveScreening([1, 1, 1]);
    await rm(await blobs.path(missing));
    const failed = next('job-failed');
    const runner = start();
    await failed;
    expect(registry.get('job').state).toMatchObject({ reason: 'screening-failed' });
    await put(vector(1));
    const committed = next('round-committed');
    await registry.advance('job', () => ({ event: { kind: 'resumed', nowMs: 1_000 } }));
    await committed;
    await runner.stop();
  });

  it('stops at the next slice also where a strategy reads its updates before it answers', async () => {
    const steps = { iterations: 100, smoothing: 1e-6 };
    await leaveAggregating(MANY_SITES, { kind: 'geometric-median', ...steps });
    const read = vi.spyOn(WeightsFile.prototype, 'read');
    const runner = start();
    await vi.waitFor(() => expect(read.mock.calls.length).toBeGreaterThan(MANY_SITES));
    const before = read.mock.calls.length;
    await runner.stop();
    expect(read.mock.calls.length - before).toBeLessThan(MANY_SITES);
    read.mockRestore();
    expect((await store.rounds('job'))[0]?.model).toBeNull();
  });

  function start(): RoundRunner {
    const settled = async () => undefined;
    const threads = new ComputeThreads(clock);
    const options = { registry, store, blobs, threads, settled, clock, log: silentLogger() };
    const runner = new RoundRunner({ ...options, isAway: () => false, jitter: () => 0 });
    runner.start();
    return runner;
  }

  function next(kind: string): Promise<void> {
    return new Promise((resolve) => {
      registry.onProgress(({ facts }) => {
        if (facts.some((fact) => fact.kind === kind)) resolve();
      });
    });
  }

  async function put(weights: ReturnType<typeof vector>): Promise<Sha256> {
    const bytes = encodeWeights(weights);
    await blobs.put(sha256(bytes), [bytes], bytes.length);
    return sha256(bytes);
  }

  /** A stored job whose first round has all its updates; answers the first delta's digest. */
  function leaveAggregating(
    siteCount: number,
    strategy: StrategySpec = { kind: 'fedavg' },
  ): Promise<Sha256> {
    const deltas = Array.from({ length: siteCount }, (_, k) => k);
    return leaveClosed(deltas, { strategy, minSites: siteCount }, 'aggregating');
  }

  /** The same of a job with a firewall. */
  function leaveScreening(deltas: readonly number[]): Promise<Sha256> {
    const terms = { minSites: 2, firewall: DEFAULT_FIREWALL };
    return leaveClosed(deltas, terms, 'screening');
  }

  /** @param deltas of each site, the value of all of its delta */
  async function leaveClosed(
    deltas: readonly number[],
    own: Pick<SubmittedPlan, 'minSites' | 'strategy' | 'firewall'>,
    phase: string,
  ): Promise<Sha256> {
    const sites = deltas.map((_, k) => `site-${String(k).padStart(3, '0')}`);
    const initialModel = await put(vector(10));
    const terms = { ...own, rounds: 1, deadlineMs: 1_000, initialModel };
    const first = submitJob({ jobId: 'job', invitedSites: sites, ...terms }, 0);
    const registration = { name: 'job', jobSha256: initialModel, submittedAtMs: 0 };
    await store.addJob({ ...registration, ...first });
    let { state } = first;
    let revision = FIRST_REVISION;
    const advance = async (event: JobEvent, update?: StoredUpdate) => {
      const stepped = step(state, event);
      const seen = { state, revision: revision++ };
      state = stepped.state;
      await store.record({ ...stepped, seen, atMs: 0, ...(update && { update }) });
    };
    for (const site of sites) {
      const passed = { outcome: 'pass', figures: null, askAgainAtMs: 0, nowMs: 0 } as const;
      await advance({ kind: 'gate-reported', site, ...passed });
    }
    await advance({ kind: 'round-opened', round: 1, nowMs: 0 });
    for (const [k, site] of sites.entries()) {
      const update = updateOf(site, k, await put(vector(deltas[k] as number)));
      const answer = { kind: 'update', statement: update.statementSha256 } as const;
      await advance({ kind: 'site-answered', site, answer, nowMs: 0 }, update);
    }
    await advance({ kind: 'updates-settled', round: 1 });
    expect(phaseOf(state)).toBe(phase);
    registry = await JobRegistry.load(store, clock);
    return sha256(encodeWeights(vector(deltas[0] as number)));
  }
});

function phaseOf({ activity }: JobState): string {
  return activity.kind === 'gate' ? 'gate' : activity.round.phase;
}

function vector(value: number) {
  return new Map([['w', { shape: [2], data: Float32Array.of(value, value) }]]);
}

function updateOf(site: string, k: number, deltaSha256: Sha256): StoredUpdate {
  return {
    statementSha256: sha256(site),
    jobId: 'job',
    round: 1,
    site,
    deltaSha256,
    weight: k + 1,
    localSteps: null,
    figures: { dice: null, auc: null },
    counter: 1,
    keyId: sha256(`key of ${site}`),
    acceptedAtMs: 0,
    statementEnvelope: '{}',
    receiptEnvelope: '{}',
  };
}
