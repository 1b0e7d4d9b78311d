import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { type Sha256, sha256, VirtualClock } from '@fedvox/base';
import { silentLogger } from '@fedvox/base/system';
import { encodeJob, jobSchema, type StrategySpec } from '@fedvox/job';
import { decodeWeights, encodeWeights, tensorOf } from '@fedvox/weights';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { backUp } from '../backup/backup.js';
import { copyBlob } from '../backup/copy-blob.js';
import { namedBlobs } from '../backup/named-blobs.js';
import type { JobFact } from '../core/facts.js';
import { submitJob } from '../core/job-machine.js';
import { isOver } from '../core/job-state.js';
import { taskOf } from '../core/tasks.js';
import { type BlobStore, FolderBlobs, foldersOf } from '../store/blob-store.js';
import { copyStore, openStore } from '../store/open-store.js';
import { INCOMING_FOLDER } from '../store/state-files.js';
import type { Store, StoredUpdate } from '../store/store.js';
import { ComputeThreads } from '../threads/compute-threads.js';
import { BestModels } from './best-models.js';
import { JobHistory } from './job-history.js';
import { JobRegistry } from './job-registry.js';
import { Retention } from './retention.js';
import { RoundRunner } from './round-runner.js';

const SITES = ['east', 'north'];
const ROUNDS = 3;
const MOMENTUM: StrategySpec = { kind: 'fedavgm', learningRate: 1, momentum: 0.5 };
/** Of each round, with β = ½ and site deltas of `round` and `round + 1`; every figure is a float32. */
const MOMENTA = [1.5, 0.5 * 1.5 + 2.5, 0.5 * (0.5 * 1.5 + 2.5) + 3.5];
const MODELS = [10 + 1.5, 10 + 1.5 + 3.25, 10 + 1.5 + 3.25 + 5.125];
const digestsOf = (values: readonly number[]) => values.map((value) => sha256(bytesOf(value)));

describe('what a strategy keeps from round to round', () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'fedvox-server-state-'));
  });
  afterEach(() => rm(folder, { recursive: true }));

  it('is given back to it in the next round, under the digest that its round was committed with', async () => {
    const life = await live(join(folder, 'state'));
    await life.work();
    const rounds = await life.store.rounds('job');
    expect(rounds.map(({ model }) => model)).toEqual([...digestsOf(MODELS), digestsOf(MODELS)[2]]);
    const states = [...digestsOf(MOMENTA), digestsOf(MOMENTA)[2]];
    expect(rounds.map(({ serverState }) => serverState)).toEqual(states);
    expect(await readdir(join(life.stateDir, INCOMING_FOLDER))).toEqual([]);
    await life.end();
  });

  it('invariant 2: is the same after a death between its bytes and their commit, in any round', async () => {
    const stateDir = join(folder, 'state');
    for (let round = 1; round <= ROUNDS; round++) {
      const life = await live(stateDir, (fact) => isCommitOf(fact, round));
      await life.work();
      expect((await life.store.rounds('job')).at(-1)?.model).toBeNull();
      expect(await life.blobs.find(digestsOf(MOMENTA)[round - 1] as Sha256)).toBeDefined();
      await life.end();
    }
    const life = await live(stateDir);
    await life.work();
    const rounds = (await life.store.rounds('job')).slice(0, ROUNDS);
    expect(rounds.map(({ model }) => model)).toEqual(digestsOf(MODELS));
    expect(rounds.map(({ serverState }) => serverState)).toEqual(digestsOf(MOMENTA));
    await life.end();
  });

  it('is in a backup, from which the job goes on to the same bytes', async () => {
    const first = await live(join(folder, 'state'), (fact) => isCommitOf(fact, 2));
    await first.work();
    expect(await namedBlobs(first.store)).toContain(digestsOf(MOMENTA)[0]);
    await first.end();
    await backUp({
      federation: 'test',
      keepBlob: (digest, folder) => copyBlob(foldersOf(first.stateDir).blobs, folder, digest),
      folder: join(folder, 'backup'),
      snapshot: (path) => copyStore({ stateDir: first.stateDir, store: undefined }, path),
      nowMs: 0,
    });
    const second = await live(join(folder, 'backup'));
    await second.work();
    const rounds = (await second.store.rounds('job')).slice(0, ROUNDS);
    expect(rounds.map(({ model }) => model)).toEqual(digestsOf(MODELS));
    await second.end();
  });

  it('is both moments of the Adam on the server, the same after a death in any round', async () => {
    const adam = { kind: 'fedadam', learningRate: 0.1, beta1: 0.5, beta2: 0.75, tau: 0.5 } as const;
    const lives = [join(folder, 'state'), join(folder, 'calm')] as const;
    for (let round = 1; round <= ROUNDS; round++) {
      const life = await live(lives[0], (fact) => isCommitOf(fact, round), adam);
      await life.work();
      await life.end();
    }
    const [cut, calm] = await Promise.all(
      lives.map(async (stateDir) => {
        const life = await live(stateDir, undefined, adam);
        await life.work();
        const rounds = (await life.store.rounds('job')).slice(0, ROUNDS);
        const values = await Promise.all(
          rounds.map(async ({ model, serverState }) => [
            await firstOf(life, model, 'w'),
            await firstOf(life, serverState, 'm/w'),
            await firstOf(life, serverState, 'v/w'),
          ]),
        );
        await life.end();
        return { rounds: rounds.map(({ model, serverState }) => [model, serverState]), values };
      }),
    );
    expect(cut).toEqual(calm);
    // By hand, of mean deltas 1.5, 2.5 and 3.5: m = ½m + ½Δ, v = ¾v + ¼Δ², and the step 0.1 m / (√v + ½).
    let [w, m, v] = [10, 0, 0.25];
    for (const [at, delta] of [1.5, 2.5, 3.5].entries()) {
      m = 0.5 * m + 0.5 * delta;
      v = 0.75 * v + 0.25 * delta ** 2;
      w += (0.1 * m) / (Math.sqrt(v) + 0.5);
      for (const [place, value] of [w, m, v].entries()) {
        expect(cut?.values[at]?.[place]).toBeCloseTo(value, 5);
      }
    }
  });

  it('stays while its job runs, and goes with its models when that has ended', async () => {
    const stateDir = join(folder, 'state');
    const running = await live(stateDir, (fact) => isCommitOf(fact, ROUNDS));
    await running.work();
    await sweep(running);
    expect(await presentStates(running)).toEqual([true, true, true]);
    await running.end();
    const life = await live(stateDir);
    await life.work();
    await sweep(life);
    expect(await presentStates(life)).toEqual([false, false, false]);
    await life.end();
  });
});

interface Life {
  readonly stateDir: string;
  readonly store: Store;
  readonly blobs: BlobStore;
  /** The sites do whatever there is to do, until the job is over or the coordinator is dead. */
  work(): Promise<void>;
  end(): Promise<void>;
}

type Deadly = (fact: JobFact) => boolean;
const isCommitOf = (fact: JobFact, round: number) =>
  fact.kind === 'round-committed' && fact.round === round;

/** Nobody waits between attempts. */
const clock = { ...new VirtualClock({ startMs: 1_000 }), sleep: async () => undefined };

/** A coordinator that records nothing any more from the first deadly fact on. */
async function live(
  stateDir: string,
  isDeadly: Deadly = () => false,
  strategy = MOMENTUM,
): Promise<Life> {
  const blobs = await FolderBlobs.open(foldersOf(stateDir));
  const durable = await openStore(stateDir);
  let isDead = false;
  const record: Store['record'] = async (transition) => {
    isDead ||= transition.facts.some(isDeadly);
    if (isDead) throw new Error('the process is dead');
    await durable.record(transition);
  };
  const store = { ...durable, record };
  if ((await store.jobs()).length === 0) await submit(store, blobs, strategy);
  const registry = await JobRegistry.load(store, clock);
  const runner = new RoundRunner({
    ...{ registry, store, blobs, clock, log: silentLogger(), jitter: () => 0 },
    threads: new ComputeThreads(clock),
    settled: async () => undefined,
    isAway: () => false,
  });
  runner.start();
  const work = async () => {
    while (!isDead && !isOver(registry.get('job').state)) {
      for (const site of SITES) await doTask(registry, blobs, site);
      await setTimeout(1);
    }
  };
  const end = async () => {
    await runner.stop();
    await durable.close();
  };
  return { stateDir, store, blobs, work, end };
}

async function submit(store: Store, blobs: BlobStore, strategy: StrategySpec): Promise<void> {
  const initialModel = await put(blobs, bytesOf(10));
  const jobSha256 = await put(blobs, encodeJob(job));
  const { rounds, minSites } = job.federation;
  const plan = { jobId: 'job', rounds, minSites, deadlineMs: 1_000, maxShare: 0.5 };
  const submitted = submitJob({ ...plan, strategy, invitedSites: SITES, initialModel }, 0);
  await store.addJob({ name: job.name, jobSha256, submittedAtMs: 0, ...submitted });
}

/** Each site adds the round's number to every value, the second one more. */
async function doTask(registry: JobRegistry, blobs: BlobStore, site: string): Promise<void> {
  const task = taskOf(registry.get('job').state, site, 0);
  if (task === null) return;
  const about = { site, nowMs: 0 };
  if (task.kind === 'check-data') {
    const passed = { outcome: 'pass', figures: null, askAgainAtMs: 0 } as const;
    await registry.advance('job', () => ({
      event: { kind: 'gate-reported', ...about, ...passed },
    }));
    return;
  }
  const { round, kind } = task;
  const delta = bytesOf(round + SITES.indexOf(site));
  const deltaSha256 = kind === 'train' ? await put(blobs, delta) : null;
  const update = updateOf(site, round, deltaSha256);
  const answer = { kind: 'update', statement: update.statementSha256 } as const;
  const event = { kind: 'site-answered', ...about, answer } as const;
  await registry.advance('job', () => ({ event, update }));
}

const job = jobSchema.parse({
  name: 'job',
  classes: ['background', 'lesion'],
  preprocess: [{ kind: 'zscore' }],
  network: { kind: 'unet', channels: [2, 2], strides: [2] },
  training: { batchSize: 1 },
  evaluation: { bestBy: 'dice', auc: { level: 'voxel', classes: ['lesion'] } },
  federation: { rounds: ROUNDS, minSites: SITES.length },
  seed: 1,
});

function bytesOf(value: number): Uint8Array {
  return encodeWeights(new Map([['w', { shape: [2], data: Float32Array.of(value, value) }]]));
}

async function put(blobs: BlobStore, bytes: Uint8Array): Promise<Sha256> {
  await blobs.put(sha256(bytes), [bytes], bytes.length);
  return sha256(bytes);
}

async function firstOf({ blobs }: Life, digest: Sha256 | null, tensor: string): Promise<number> {
  const bytes = await readFile(await blobs.path(digest as Sha256));
  return tensorOf(decodeWeights(bytes), tensor).data[0] as number;
}

function updateOf(site: string, round: number, deltaSha256: Sha256 | null): StoredUpdate {
  return {
    statementSha256: sha256(`${site}/${round}`),
    jobId: 'job',
    round,
    site,
    deltaSha256,
    weight: 1,
    localSteps: null,
    figures: { dice: null, auc: null },
    counter: round,
    keyId: sha256(`key of ${site}`),
    acceptedAtMs: 0,
    statementEnvelope: '{}',
    receiptEnvelope: '{}',
  };
}

/** Long after everything happened. */
async function sweep({ store, blobs }: Life): Promise<void> {
  const later = { ...clock, nowMs: () => Date.UTC(2100) };
  const rules = { deltasMs: null, deltasRounds: null, modelsMs: 0 };
  const bests = new BestModels(store, new JobHistory({ store, blobs }));
  await new Retention({ store, blobs, bests, rules, clock: later, log: silentLogger() }).sweep();
}

function presentStates({ blobs }: Life): Promise<boolean[]> {
  return Promise.all(
    digestsOf(MOMENTA).map(async (digest) => (await blobs.find(digest)) !== undefined),
  );
}
