import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { systemClock } from '@fedvox/base/system';
import type { JobInput } from '@fedvox/job';
import { loadCredentials } from '@fedvox/pki';
import { refuse } from '@fedvox/protocol';
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { fail } from './errors.js';
import {
  keptRounds,
  RECORDED,
  RECORDED_STEPS,
  recordedDelta,
  untilAborted,
} from './testing/recorded-trainer.js';
import { buildStage, Scene, type Stage } from './testing/scene.js';
import { jobBytes, TEST_JOB, until } from './testing/site.js';

let stage: Stage;
let scene: Scene;
beforeAll(async () => {
  stage = await buildStage();
});
beforeEach(async () => {
  scene = await Scene.open(stage);
});
afterEach(() => scene.close());

describe('an agent', () => {
  it('answers the gate, trains, evaluates, and keeps the receipts', async () => {
    scene.coordinator.tasks.push(scene.gate, scene.train, scene.evaluate);
    const agent = await scene.enrolAndStart();
    await until(() => scene.coordinator.accepted.length === 2 && scene.outbox().length === 0);
    await agent.stop();
    expect(scene.coordinator.gates).toEqual([
      { job: scene.job, outcome: 'pass', figures: 'reported' },
    ]);
    const [trained, evaluated] = scene.coordinator.accepted;
    expect(trained!.delta).toEqual(Buffer.from(recordedDelta(1)));
    expect(evaluated!.delta).toBeNull();
    expect(scene.receipts()).toHaveLength(2);
    expect(scene.trainer.orders.map(({ work }) => work.kind)).toEqual([
      'check-data',
      'train',
      'evaluate',
    ]);
    expect(scene.trainer.closed).toBe(true);
  });

  it('signs what binds the update to its job, round, site and base model, and counts up', async () => {
    scene.coordinator.tasks.push(scene.train, scene.evaluate);
    await scene.enrolAndStart();
    await until(() => scene.coordinator.accepted.length === 2);
    const [first, second] = scene.coordinator.accepted.map(({ statement }) => statement);
    expect(first).toMatchObject({
      federation: 'demo',
      job: scene.job,
      jobDigest: scene.train.jobDigest,
      round: 1,
      site: 'north',
      baseModel: scene.train.work.baseModel,
      weight: { value: RECORDED.trainCases, source: 'examples' },
      figures: RECORDED.figures,
    });
    expect(second!.counter).toBeGreaterThan(first!.counter);
  });

  it('says how many local steps made an update where the strategy needs it, and nowhere else', async () => {
    const federation = { ...TEST_JOB.federation, strategy: { kind: 'fednova' } } as const;
    const jobDigest = scene.coordinator.put(jobBytes({ federation }));
    scene.coordinator.tasks.push(
      { ...scene.train, jobDigest },
      { ...scene.evaluate, jobDigest },
      scene.train,
    );
    await scene.enrolAndStart();
    await until(() => scene.coordinator.accepted.length === 3);
    const [stepping, evaluated, plain] = scene.coordinator.accepted;
    expect(stepping!.statement).toMatchObject({
      kind: 'fedvox/update/v2',
      companions: [],
      localSteps: RECORDED_STEPS,
    });
    expect(evaluated!.statement.kind).toBe('fedvox/update/v1');
    expect(plain!.statement.kind).toBe('fedvox/update/v1');
  });

  it('signs the first version for a coordinator that does not know the second', async () => {
    scene.coordinator.lacks = ['local-steps'];
    const federation = { ...TEST_JOB.federation, strategy: { kind: 'fednova' } } as const;
    const jobDigest = scene.coordinator.put(jobBytes({ federation }));
    scene.coordinator.tasks.push({ ...scene.train, jobDigest });
    await scene.enrolAndStart();
    await until(() => scene.coordinator.accepted.length === 1);
    expect(scene.coordinator.accepted[0]!.statement.kind).toBe('fedvox/update/v1');
  });

  describe('of a strategy that builds each round on the one before', () => {
    const { federation, training } = TEST_JOB;
    const changes: Partial<JobInput> = {
      training: { ...training, optimizer: { kind: 'sgd' }, localSteps: 4 },
      federation: { ...federation, strategy: { kind: 'scaffold' } },
    };
    const trainIn = (round: number) => {
      const jobDigest = scene.coordinator.put(jobBytes(changes));
      const baseModel = scene.coordinator.put(Buffer.from(`the model before round ${round}`));
      return { ...scene.train, jobDigest, work: { kind: 'train', round, baseModel } as const };
    };
    const keptBefore = (at: number) => keptRounds(scene.trainer.orders[at]?.kept?.before ?? null);

    it('keeps what it needs, and forgets it with the last evaluation', async () => {
      const { jobDigest } = trainIn(1);
      const evaluate = { ...scene.evaluate, jobDigest };
      scene.coordinator.tasks.push(trainIn(1), trainIn(2), trainIn(3), evaluate);
      const seen: (readonly number[])[] = [];
      scene.trainer.onRun = async () => {
        seen.push(await keptBefore(scene.trainer.orders.length - 1));
      };
      await scene.enrolAndStart();
      await until(() => scene.coordinator.accepted.length === 4);
      expect(seen.slice(0, 3)).toEqual([[], [1], [1, 2]]);
      expect(readdirSync(scene.folder.kept)).toEqual([]);
    });

    it('trains a round again from what the one before left, where it came to nothing', async () => {
      let crashes = 2;
      scene.trainer.onRun = async ({ work }) => {
        if (work.kind === 'train' && work.round === 2 && crashes-- > 0) {
          throw fail('trainer-died', { how: 'SIGSEGV' });
        }
      };
      scene.coordinator.tasks.push(trainIn(1), trainIn(2), trainIn(3));
      await scene.enrolAndStart();
      await until(() => scene.coordinator.accepted.length === 3);
      const kept = join(scene.folder.kept, scene.job, '3');
      expect(await keptRounds(kept)).toEqual([1, 2, 3]);
    });

    it('declines a round that does not follow, rather than train it wrong for good', async () => {
      scene.coordinator.tasks.push(trainIn(1), trainIn(3), trainIn(2));
      await scene.enrolAndStart();
      await until(() => scene.coordinator.accepted.length === 2);
      expect(scene.coordinator.declined).toEqual([
        { job: scene.job, round: 3, reason: 'trainer-failed' },
      ]);
      expect(scene.coordinator.accepted.map(({ statement }) => statement.round)).toEqual([1, 2]);
    });

    it('builds on no update that the coordinator did not take', async () => {
      scene.coordinator.failNext('beginUpload', refuse('round-closed', { round: 1 }));
      scene.coordinator.onCall = (method) => {
        if (method === 'beginUpload') scene.coordinator.tasks.splice(0, 1, trainIn(2));
      };
      scene.coordinator.tasks.push(trainIn(1));
      await scene.enrolAndStart();
      await until(() => scene.coordinator.declined.length === 1);
      expect(scene.coordinator.declined[0]).toMatchObject({ round: 2, reason: 'trainer-failed' });
      expect(scene.coordinator.accepted).toEqual([]);
    });
  });

  it('refuses at the gate a job that counts by figures it withholds', async () => {
    const strategy = { kind: 'q-fedavg', q: 1, lipschitz: 10 } as const;
    const federation = { ...TEST_JOB.federation, strategy };
    const { policy } = scene.site;
    const minCasesForMetrics = RECORDED.validationCases + 1;
    scene.site = { ...scene.site, policy: { ...policy, minCasesForMetrics } };
    const jobDigest = scene.coordinator.put(jobBytes({ federation }));
    scene.coordinator.tasks.push({ ...scene.gate, jobDigest }, { ...scene.gate });
    await scene.enrolAndStart();
    await until(() => scene.coordinator.gates.length === 2);
    expect(scene.coordinator.gates.map(({ outcome }) => outcome)).toEqual([
      'refused-by-policy',
      'pass',
    ]);
  });

  it('withholds figures that describe too few cases (invariant 8)', async () => {
    scene.site = {
      ...scene.site,
      policy: { ...scene.site.policy, minCasesForMetrics: RECORDED.validationCases + 1 },
    };
    scene.coordinator.tasks.push(scene.train);
    await scene.enrolAndStart();
    await until(() => scene.coordinator.accepted.length === 1);
    expect(scene.coordinator.accepted[0]!.statement.figures).toEqual({ dice: null, auc: null });
  });

  it('heartbeats while it trains, saying so', async () => {
    scene.trainer.onRun = async () => until(() => scene.coordinator.beats.length >= 3);
    scene.coordinator.tasks.push(scene.train);
    await scene.enrolAndStart();
    await until(() => scene.coordinator.accepted.length === 1);
    expect(scene.coordinator.beats[0]).toEqual({ job: scene.job, round: 1, state: 'training' });
  });

  it('ends the training when it is no longer wanted, and takes on what is', async () => {
    scene.coordinator.stillWanted = false;
    scene.trainer.onRun = async (order, signal) => {
      if (order.work.kind !== 'train') return;
      scene.coordinator.tasks.splice(0, 1, scene.evaluate);
      await untilAborted(order, signal);
    };
    scene.coordinator.tasks.push(scene.train);
    await scene.enrolAndStart();
    await until(() => scene.coordinator.accepted.length === 1);
    expect(scene.coordinator.accepted[0]!.statement.round).toBe(2);
  });

  it('stops within seconds in the middle of training, its state durable', async () => {
    scene.trainer.onRun = untilAborted;
    scene.coordinator.tasks.push(scene.train);
    const controller = new AbortController();
    const agent = await scene.enrolAndStart({ signal: controller.signal });
    await until(() => scene.trainer.orders.length === 1);
    controller.abort();
    await agent.done;
    expect(scene.trainer.closed).toBe(true);
    expect(existsSync(scene.folder.lock)).toBe(false);
  });

  it('does not share its state folder with a second one', async () => {
    await scene.enrolAndStart();
    await expect(scene.start()).rejects.toMatchObject({ code: 'agent/already-running' });
  });

  it('renews a certificate of which less than a third is left, and dials with the new one', async () => {
    await scene.enrol();
    const before = await loadCredentials(scene.folder.credentials);
    const inTwentyFiveDaysMs = Date.now() + 25 * 86_400_000;
    await scene.start({
      clock: {
        ...systemClock,
        nowMs: () =>
          scene.coordinator.calls.includes('renewCertificate') ? Date.now() : inTwentyFiveDaysMs,
        sleep: () => Promise.resolve(),
      },
    });
    await until(() => scene.coordinator.calls.filter((method) => method === 'hello').length === 2);
    const after = await loadCredentials(scene.folder.credentials);
    expect(after.keyPem).not.toBe(before.keyPem);
    scene.coordinator.tasks.push(scene.train);
    await until(() => scene.coordinator.accepted.length === 1);
  });
});
