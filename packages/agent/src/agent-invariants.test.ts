import { createPrivateKey } from 'node:crypto';
import { mkdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { systemClock } from '@fedvox/base/system';
import { jobDigest, jobSchema } from '@fedvox/job';
import { loadCredentials } from '@fedvox/pki';
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { enroll } from './enroll.js';
import { summarise } from './ledger/read-ledger.js';
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

describe('invariant 6: jobs are data', () => {
  async function gateOutcomeOf(bytes: Uint8Array): Promise<string> {
    scene.coordinator.tasks.push({ ...scene.gate, jobDigest: scene.coordinator.put(bytes) });
    await scene.enrolAndStart();
    await until(() => scene.coordinator.gates.length === 1);
    return scene.coordinator.gates[0]!.outcome;
  }

  it('a job with anything the strict schema does not know is not taken on', async () => {
    const job = { ...jobSchema.parse(TEST_JOB), onRoundEnd: 'rm -rf /' };
    expect(await gateOutcomeOf(Buffer.from(JSON.stringify(job)))).toBe('not-supported');
    expect(scene.trainer.orders).toEqual([]);
  });

  it('a job whose bytes are not the canonical ones of what they say is not taken on', async () => {
    const job = jobSchema.parse(TEST_JOB);
    const spaced = Buffer.from(JSON.stringify(job, null, 1));
    expect(jobDigest(job)).not.toBe(scene.coordinator.put(spaced));
    expect(await gateOutcomeOf(spaced)).toBe('not-supported');
  });

  it('a job that policy forbids is refused before its data is looked at', async () => {
    scene.site = { ...scene.site, policy: { ...scene.site.policy, allowedJobs: ['prostate-*'] } };
    expect(await gateOutcomeOf(jobBytes())).toBe('refused-by-policy');
    expect(scene.trainer.orders).toEqual([]);
  });

  it('a model with other bytes than its digest is never handed to the trainer', async () => {
    scene.coordinator.falsify(scene.train.work.baseModel, Buffer.from('another'));
    scene.coordinator.tasks.push(scene.train);
    await scene.enrolAndStart();
    await until(
      () => scene.coordinator.calls.filter((method) => method === 'nextTask').length >= 3,
    );
    expect(scene.trainer.orders).toEqual([]);
  });
});

describe('invariant 7: the private key', () => {
  it('is made here, readable by its owner only, and no part of it is sent', async () => {
    await enroll(scene.site, scene.coordinator.invitation, systemClock);
    const path = join(scene.folder.credentials, 'credentials.pem');
    expect(statSync(path).mode & 0o777).toBe(0o600);
    scene.coordinator.tasks.push(scene.train);
    await scene.start();
    await until(() => scene.coordinator.accepted.length === 1);
    const { keyPem } = await loadCredentials(scene.folder.credentials);
    const { d, p, q } = createPrivateKey(keyPem).export({ format: 'jwk' });
    const [update] = scene.coordinator.accepted;
    const { payload, signatures } = update!.envelope;
    const sent = [...scene.coordinator.requests, payload, signatures[0]!.sig, update!.delta!];
    for (const secret of [d, p, q].map((part) => Buffer.from(part!, 'base64url'))) {
      for (const bytes of sent) expect(Buffer.from(bytes).includes(secret)).toBe(false);
    }
  });

  it('is the same when an enrolment is repeated after a lost answer', async () => {
    scene.coordinator.failNext('enroll');
    await expect(
      enroll(scene.site, scene.coordinator.invitation, systemClock),
    ).rejects.toMatchObject({
      code: 'protocol/coordinator-failed',
    });
    const pending = readFileSync(join(scene.folder.credentials, 'pending.key'), 'utf8');
    await enroll(scene.site, scene.coordinator.invitation, systemClock);
    expect((await loadCredentials(scene.folder.credentials)).keyPem).toBe(pending);
  });

  it('belongs to one enrolment: a second is refused by name', async () => {
    await scene.enrol();
    await expect(
      enroll(scene.site, scene.coordinator.invitation, systemClock),
    ).rejects.toMatchObject({
      code: 'agent/already-enrolled',
    });
    const other = { ...scene.coordinator.invitation, site: 'south' };
    await expect(enroll(scene.site, other, systemClock)).rejects.toMatchObject({
      code: 'agent/site-mismatch',
    });
  });
});

describe('invariant 1: the egress ledger of a running agent', () => {
  it('itemises every message of every kind that arrived', async () => {
    scene.coordinator.tasks.push(scene.gate, scene.train, scene.evaluate);
    const agent = await scene.enrolAndStart();
    await until(() => scene.coordinator.accepted.length === 2 && scene.outbox().length === 0);
    await agent.stop();
    const entries = await scene.ledger();
    const count = (kind: string) => entries.filter((entry) => entry.kind === kind).length;
    const calls = (...methods: string[]) =>
      scene.coordinator.calls.filter((method) => methods.includes(method)).length;
    expect(count('certificate-request')).toBe(1);
    expect(count('capabilities')).toBe(1);
    expect(count('gate')).toBe(1);
    expect(count('statement')).toBe(2);
    expect(count('control')).toBe(calls('nextTask', 'heartbeat', 'download', 'submit'));
    const { delta } = await summarise(entries);
    expect(delta).toBeGreaterThan(scene.coordinator.deltaBytes);
    expect(delta).toBeLessThan(scene.coordinator.deltaBytes + 1_000);
    const [statement] = entries.filter(({ kind }) => kind === 'statement');
    expect(statement).toMatchObject({ job: scene.job, round: 1 });
  });

  it('stops the agent when it cannot be written, and nothing leaves', async () => {
    await scene.enrol();
    rmSync(scene.folder.egressLedger);
    mkdirSync(scene.folder.egressLedger);
    await expect(scene.start()).rejects.toMatchObject({ code: 'agent/ledger-unwritable' });
    expect(scene.coordinator.calls).toEqual(['enroll']);
  });
});
