import { readFileSync } from 'node:fs';
import { systemClock } from '@fedvox/base/system';
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { AgentOptions } from './compose.js';
import type { WorkProgress } from './core/trainer.js';
import { readDiary } from './diary/read-diary.js';
import { agentNow } from './status/agent-life.js';
import { RECORDED } from './testing/recorded-trainer.js';
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

const PLANTED = 'Mueller^Anna 1970-01-01';
const batch: WorkProgress = {
  ...{ phase: 'training', done: 1, total: 1, epoch: 1, epochs: 1, loss: 0.8125 },
};

/** The scene's trainer, which tells of an epoch before it answers. */
function tellingTrainer(): NonNullable<AgentOptions['trainer']> {
  const { trainer } = scene;
  return {
    run: (order, signal, onProgress) => {
      if (order.work.kind === 'train') onProgress(batch);
      return trainer.run(order, signal);
    },
    close: () => trainer.close(),
  };
}

const diary = async () => (await readDiary(scene.folder.diary)).entries;
const now = () => agentNow(scene.folder, systemClock.nowMs());

describe('what the people at a site see of their agent', () => {
  it('is a diary of its work, with figures as they were before they were withheld, and why', async () => {
    const { policy } = scene.site;
    scene.site = { ...scene.site, policy: { ...policy, minCasesForMetrics: 9 } };
    scene.coordinator.tasks.push(scene.gate, scene.train);
    const agent = await scene.enrolAndStart({ trainer: tellingTrainer() });
    await until(() => scene.coordinator.accepted.length === 1 && scene.outbox().length === 0);
    // Written down after the outbox is emptied.
    await expect.poll(async () => (await diary()).map(({ kind }) => kind)).toContain('delivered');
    await agent.stop();
    const about = { job: scene.job, round: 1 };
    const entries = await diary();
    expect(entries).toMatchObject([
      { kind: 'agent-started' },
      { kind: 'work-begun', work: 'check-data', jobDigest: scene.train.jobDigest },
      { kind: 'work-ended', work: 'check-data', end: 'done' },
      { kind: 'gate', outcome: 'pass', validationCases: RECORDED.validationCases },
      { kind: 'work-begun', ...about, work: 'train' },
      { kind: 'epoch', ...about, epoch: 1, loss: 0.8125 },
      { kind: 'work-ended', ...about, end: 'done' },
      {
        kind: 'figures',
        ...about,
        measured: RECORDED.figures,
        told: { dice: null, auc: null },
        withheld: true,
        minCasesForMetrics: 9,
        weight: RECORDED.trainCases,
      },
      { kind: 'delivered', ...about },
      { kind: 'agent-stopped', refusal: null },
    ]);
    expect(scene.coordinator.accepted[0]!.statement.figures).toEqual({ dice: null, auc: null });
  });

  it('is its status: connected and at what, then stopped', async () => {
    expect(await now()).toEqual({ life: 'never-started', pid: null, status: null });
    const release: (() => void)[] = [];
    scene.trainer.onRun = () => new Promise((resolve) => release.push(resolve));
    scene.coordinator.tasks.push(scene.train);
    const agent = await scene.enrolAndStart({ trainer: tellingTrainer() });
    await expect
      .poll(async () => (await now()).status?.doing)
      .toMatchObject({ at: 'working', job: scene.job, round: 1, work: 'train', progress: batch });
    const { life, pid, status } = await now();
    expect({ life, pid }).toEqual({ life: 'running', pid: process.pid });
    expect(status).toMatchObject({
      site: 'north',
      federation: 'demo',
      line: { state: 'connected' },
    });
    expect(status!.disk.freeBytes).toBeGreaterThan(0);
    expect(status!.certificateEndsAtMs).toBeGreaterThan(systemClock.nowMs());
    for (const go of release) go();
    await agent.stop();
    expect((await now()).life).toBe('stopped');
  });
});

describe('invariant 1: nothing of status or diary leaves', () => {
  it('neither a reason in words, nor a loss, nor a figure that is withheld', async () => {
    scene.trainer.onRun = async () => {
      throw Object.assign(new Error(PLANTED), { code: 'EIO' });
    };
    const failing = tellingTrainer();
    const named: typeof failing = {
      ...failing,
      run: async (order, signal, onProgress) => {
        try {
          return await failing.run(order, signal, onProgress);
        } catch {
          const { FedvoxError } = await import('@fedvox/base');
          throw new FedvoxError('learning/too-few-cases', PLANTED, 'look');
        }
      },
    };
    scene.coordinator.tasks.push(scene.train);
    const agent = await scene.enrolAndStart({ trainer: named });
    await until(() => scene.coordinator.calls.includes('decline'));
    await agent.stop();
    const kept = readFileSync(scene.folder.diary, 'utf8');
    expect(kept).toContain(PLANTED);
    expect(kept).toContain('0.8125');
    const { requests, gates, beats, declined, calls } = scene.coordinator;
    expect(declined).toEqual([{ job: scene.job, round: 1, reason: 'too-few-cases' }]);
    const said = JSON.stringify([gates, beats, declined, calls]);
    const bytes = requests.map((request) => Buffer.from(request).toString('latin1')).join('');
    expect(said + bytes).not.toMatch(/Mueller|0\.8125|work-begun|freeBytes/);
  });
});
