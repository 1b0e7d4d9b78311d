import { existsSync } from 'node:fs';
import { systemClock } from '@fedvox/base/system';
import { loadCredentials } from '@fedvox/pki';
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { RECORDED, recordedDelta, untilAborted } from './testing/recorded-trainer.js';
import { buildStage, Scene, type Stage } from './testing/scene.js';
import { until } from './testing/site.js';

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
