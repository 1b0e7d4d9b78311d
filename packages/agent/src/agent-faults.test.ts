import { existsSync, truncateSync } from 'node:fs';
import { join } from 'node:path';
import { type Capability, type GateOutcome, refuse } from '@fedvox/protocol';
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { fail } from './errors.js';
import { recordedDelta } from './testing/recorded-trainer.js';
import { buildStage, Scene, type Stage } from './testing/scene.js';
import { ScriptedCoordinator } from './testing/scripted-coordinator.js';
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

describe('a crash or a broken connection', () => {
  it('before the receipt: the same bytes are delivered by the next agent, nothing is trained again', async () => {
    scene.coordinator.tasks.push(scene.train);
    scene.coordinator.breakAll('submit');
    const first = await scene.enrolAndStart();
    await until(() => scene.coordinator.presented.length > 0);
    await first.stop();
    expect(scene.outbox()).toHaveLength(1);
    scene.coordinator.heal();
    const [presented] = scene.coordinator.presented;
    await scene.start();
    await until(() => scene.coordinator.accepted.length === 1);
    expect(scene.coordinator.accepted[0]!.envelope).toEqual(presented);
    expect(scene.trainer.orders).toHaveLength(1);
  });

  it('that damages the stored delta: it is not sent, and the round is trained again', async () => {
    scene.coordinator.breakAll('beginUpload');
    scene.coordinator.tasks.push(scene.train);
    await scene.enrolAndStart();
    await until(
      () => scene.outbox().length === 1 && scene.coordinator.calls.includes('beginUpload'),
    );
    const [statement] = scene.outbox();
    truncateSync(join(scene.folder.outbox, statement!, 'delta.safetensors'), 10);
    scene.coordinator.heal();
    await until(() => scene.coordinator.accepted.length === 1);
    expect(scene.trainer.orders).toHaveLength(2);
    expect(scene.coordinator.accepted[0]!.delta).toEqual(Buffer.from(recordedDelta(1)));
  });

  it('after the coordinator accepted: the lost receipt is fetched, and nothing is counted twice', async () => {
    scene.coordinator.receiptsToLose = 1;
    scene.coordinator.tasks.push(scene.train);
    await scene.enrolAndStart();
    await until(() => scene.receipts().length === 1);
    await until(() => scene.outbox().length === 0);
    expect(scene.coordinator.accepted).toHaveLength(1);
    expect(scene.coordinator.calls).toContain('getReceipt');
  });

  it('of one coordinator of several: the next one is dialled, there and back again', async () => {
    const other = new ScriptedCoordinator(stage.consortium);
    await other.start();
    await scene.enrol();
    scene.site = { ...scene.site, coordinator: [scene.coordinator.address, other.address] };
    await scene.start();
    await until(() => scene.coordinator.calls.includes('hello'));
    expect(other.calls).toEqual([]);
    for (const [from, to] of [
      [scene.coordinator, other],
      [other, scene.coordinator],
    ] as const) {
      to.calls.length = 0;
      await from.stop();
      await until(() => to.calls.includes('nextTask'));
      await from.start();
    }
    await other.stop();
  });

  it('in the middle of an upload: it continues where it broke off', async () => {
    scene.coordinator.failNext('upload');
    scene.coordinator.tasks.push(scene.train);
    await scene.enrolAndStart();
    await until(() => scene.coordinator.accepted.length === 1);
    expect(scene.coordinator.deltaBytes).toBe(recordedDelta(1).length);
  });

  it('of the coordinator while the site trains: the training goes on and the update arrives', async () => {
    scene.trainer.onRun = async () => {
      await scene.coordinator.stop();
      await scene.coordinator.start();
    };
    scene.coordinator.tasks.push(scene.train);
    await scene.enrolAndStart();
    await until(() => scene.coordinator.accepted.length === 1);
    expect(scene.trainer.orders).toHaveLength(1);
  });

  it('keeps the agent dialling until the coordinator is there', async () => {
    await scene.enrol();
    await scene.coordinator.stop();
    await scene.start();
    await until(() => existsSync(scene.folder.egressLedger));
    await scene.coordinator.start();
    scene.coordinator.tasks.push(scene.train);
    await until(() => scene.coordinator.accepted.length === 1);
  });

  it('of the trainer: it is tried again', async () => {
    let crashes = 2;
    scene.trainer.onRun = async () => {
      if (crashes-- > 0) throw fail('trainer-died', { how: 'SIGSEGV' });
    };
    scene.coordinator.tasks.push(scene.train);
    await scene.enrolAndStart();
    await until(() => scene.coordinator.accepted.length === 1);
    expect(scene.trainer.orders).toHaveLength(3);
  });
});

describe('a disk that is full', () => {
  const noSpace = () => Object.assign(new Error('ENOSPC: no space left'), { code: 'ENOSPC' });

  it('is told at the gate by its name, and the gate is answered once there is room', async () => {
    let isFull = true;
    scene.trainer.onRun = async () => {
      if (isFull) throw noSpace();
    };
    scene.coordinator.tasks.push(scene.gate);
    await scene.enrolAndStart();
    await until(() => scene.coordinator.gates.length === 1);
    isFull = false;
    scene.coordinator.tasks.push(scene.gate);
    await until(() => scene.coordinator.gates.length === 2);
    expect(scene.coordinator.gates).toEqual([
      { job: scene.job, outcome: 'no-disk-space', figures: null },
      { job: scene.job, outcome: 'pass', figures: 'reported' },
    ]);
  });

  it('is told in a round, which is trained when it is asked for again', async () => {
    let isFull = true;
    scene.trainer.onRun = async () => {
      if (isFull) throw noSpace();
    };
    scene.coordinator.tasks.push(scene.train);
    await scene.enrolAndStart();
    await until(() => scene.coordinator.declined.length === 1);
    expect(scene.coordinator.declined).toEqual([
      { job: scene.job, round: 1, reason: 'no-disk-space' },
    ]);
    isFull = false;
    scene.coordinator.tasks.push(scene.train);
    await until(() => scene.coordinator.accepted.length === 1);
  });

  it('is not told to a coordinator that has no word for it, which may ask again', async () => {
    scene.coordinator.lacks = ['decline'];
    let attempts = 0;
    scene.trainer.onRun = async () => {
      if (attempts++ === 0) throw noSpace();
    };
    scene.coordinator.tasks.push(scene.gate);
    await scene.enrolAndStart();
    await until(() => scene.coordinator.gates.length === 1);
    expect(scene.coordinator.gates[0]).toMatchObject({ outcome: 'pass' });
    expect(scene.coordinator.declined).toEqual([]);
  });
});

describe('data that cannot be trained on', () => {
  /** What the coordinator is told at the gate. */
  async function toldOf(outcome: GateOutcome, lacks: readonly Capability[]) {
    scene.trainer.gateOutcome = outcome;
    scene.coordinator.lacks = lacks;
    scene.coordinator.tasks.push(scene.gate);
    await scene.enrolAndStart();
    await until(() => scene.coordinator.gates.length === 1);
    return scene.coordinator.gates[0]?.outcome;
  }

  it.each(['size-not-trainable', 'foreground-missing', 'values-unusable'] as const)(
    'is told as %s',
    async (own) => {
      expect(await toldOf(own, [])).toBe(own);
    },
  );

  it.each([
    ['size-not-trainable', 'not-supported'],
    ['foreground-missing', 'labels-missing'],
    ['values-unusable', 'no-usable-data'],
  ] as const)(
    'that is %s is told as %s where the coordinator lacks the word',
    async (own, older) => {
      expect(await toldOf(own, ['untrainable'])).toBe(older);
    },
  );
});

describe('an archive that is away, or a trainer that keeps dying', () => {
  it.each([
    ['trainer-failed', () => fail('trainer-died', { how: 'SIGSEGV' })],
    ['out-of-memory', () => fail('trainer-died', { how: 'SIGKILL' })],
    ['out-of-memory', () => fail('out-of-memory', { reason: 'allocation failed' })],
  ] as const)('is told as %s, after some attempts', async (reason, error) => {
    scene.trainer.onRun = async () => {
      throw error();
    };
    scene.coordinator.tasks.push(scene.train);
    await scene.enrolAndStart();
    await until(() => scene.coordinator.declined.length === 1);
    expect(scene.coordinator.declined[0]).toMatchObject({ reason });
  });
});

describe('a refusal', () => {
  it('stale-round: the answer is dropped and the next task is done', async () => {
    scene.coordinator.failNext('beginUpload', refuse('stale-round', { round: 1, current: 2 }));
    scene.trainer.onRun = async () => {
      scene.coordinator.tasks.splice(0, 1, scene.evaluate);
    };
    scene.coordinator.tasks.push(scene.train);
    await scene.enrolAndStart();
    await until(() => scene.coordinator.accepted.length === 1);
    expect(scene.coordinator.accepted[0]!.statement.round).toBe(2);
    await until(() => scene.outbox().length === 0);
  });

  it.each([
    ['revoked', () => refuse('revoked', { name: 'north' })],
    ['protocol-too-old', () => refuse('protocol-too-old', { offered: 1, required: 2 })],
  ])('%s: the agent stops and says what to do', async (code, error) => {
    scene.coordinator.failNext('hello', error());
    const agent = await scene.enrolAndStart();
    await expect(agent.done).rejects.toMatchObject({
      code: `refused/${code}`,
      advice: expect.stringMatching(/\w/),
    });
    expect(existsSync(scene.folder.lock)).toBe(false);
  });

  it('job-paused: the answer waits, and is delivered when its task is offered again', async () => {
    scene.coordinator.failNext('beginUpload', refuse('job-paused', { job: scene.job }));
    scene.coordinator.tasks.push(scene.train);
    await scene.enrolAndStart();
    await until(() => scene.coordinator.accepted.length === 1);
    expect(scene.trainer.orders).toHaveLength(1);
    expect(scene.coordinator.calls.filter((method) => method === 'beginUpload')).toHaveLength(2);
  });

  it('counter-not-increasing: the same delta is signed again under a higher counter', async () => {
    scene.coordinator.failNext(
      'beginUpload',
      refuse('counter-not-increasing', { counter: 1, last: 2 }),
    );
    scene.coordinator.tasks.push(scene.train);
    await scene.enrolAndStart();
    await until(() => scene.coordinator.accepted.length === 1);
    expect(scene.trainer.orders).toHaveLength(1);
    expect(scene.coordinator.accepted[0]!.delta).toEqual(Buffer.from(recordedDelta(1)));
  });
});
