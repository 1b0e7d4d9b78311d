import { createPrivateKey } from 'node:crypto';
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { silentLogger } from '@fedvox/base';
import { jobDigest, jobSchema } from '@fedvox/job';
import { createKeyPair, loadCredentials } from '@fedvox/pki';
import { refuse, type Task } from '@fedvox/protocol';
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { checkSite } from './check-site.js';
import { type AgentOptions, type RunningAgent, startAgent } from './compose.js';
import type { SiteConfig } from './config.js';
import { enroll } from './enroll.js';
import { fail } from './errors.js';
import type { LedgerEntry } from './ledger/entry.js';
import { readLedger, summarise } from './ledger/read-ledger.js';
import { stateFolder } from './state/state-folder.js';
import { makeConsortium, type TestConsortium } from './testing/consortium.js';
import {
  RECORDED,
  RecordedTrainer,
  recordedDelta,
  untilAborted,
} from './testing/recorded-trainer.js';
import { ScriptedCoordinator } from './testing/scripted-coordinator.js';
import { FAST_PACE, jobBytes, leavePendingKey, makeSite, TEST_JOB, until } from './testing/site.js';

const JOB = 'lesion-1';

let consortium: TestConsortium;
let sharedKeyPem: string;
let coordinator: ScriptedCoordinator;
let site: SiteConfig;
let trainer: RecordedTrainer;
let agents: RunningAgent[];
let gate: Task;
let train: Task;
let evaluate: Task;

beforeAll(async () => {
  consortium = await makeConsortium('demo');
  sharedKeyPem = (await createKeyPair()).privateKeyPem;
});

beforeEach(async () => {
  coordinator = new ScriptedCoordinator(consortium);
  await coordinator.start();
  site = makeSite();
  trainer = new RecordedTrainer();
  agents = [];
  const digest = coordinator.put(jobBytes());
  const baseModel = coordinator.put(Buffer.from('the base model'));
  gate = { job: JOB, jobDigest: digest, work: { kind: 'check-data' } };
  train = { job: JOB, jobDigest: digest, work: { kind: 'train', round: 1, baseModel } };
  evaluate = { job: JOB, jobDigest: digest, work: { kind: 'evaluate', round: 2, baseModel } };
});

afterEach(async () => {
  await Promise.allSettled(agents.map((agent) => agent.stop()));
  await coordinator.stop();
  rmSync(dirname(site.stateDir), { recursive: true });
});

async function start(options: AgentOptions = {}): Promise<RunningAgent> {
  const agent = await startAgent(site, {
    trainer,
    pace: FAST_PACE,
    log: silentLogger(),
    ...options,
  });
  agent.done.catch(() => undefined);
  agents.push(agent);
  return agent;
}

async function enrol(): Promise<void> {
  leavePendingKey(site, sharedKeyPem);
  await enroll(site, coordinator.invitation);
}

async function enrolAndStart(options: AgentOptions = {}): Promise<RunningAgent> {
  await enrol();
  return start(options);
}

const folder = () => stateFolder(site.stateDir);
const outbox = () => readdirSync(folder().outbox);
const receipts = () => readdirSync(folder().receipts);

async function ledger(): Promise<LedgerEntry[]> {
  const entries: LedgerEntry[] = [];
  for await (const entry of readLedger(folder().egressLedger)) entries.push(entry);
  return entries;
}

describe('an agent', () => {
  it('answers the gate, trains, evaluates, and keeps the receipts', async () => {
    coordinator.tasks.push(gate, train, evaluate);
    const agent = await enrolAndStart();
    await until(() => coordinator.accepted.length === 2 && outbox().length === 0);
    await agent.stop();
    expect(coordinator.gates).toEqual([{ job: JOB, outcome: 'pass' }]);
    const [trained, evaluated] = coordinator.accepted;
    expect(trained!.delta).toEqual(Buffer.from(recordedDelta(1)));
    expect(evaluated!.delta).toBeNull();
    expect(receipts()).toHaveLength(2);
    expect(trainer.orders.map(({ work }) => work.kind)).toEqual([
      'check-data',
      'train',
      'evaluate',
    ]);
    expect(trainer.closed).toBe(true);
  });

  it('signs what binds the update to its job, round, site and base model, and counts up', async () => {
    coordinator.tasks.push(train, evaluate);
    await enrolAndStart();
    await until(() => coordinator.accepted.length === 2);
    const [first, second] = coordinator.accepted.map(({ statement }) => statement);
    expect(first).toMatchObject({
      federation: 'demo',
      job: JOB,
      jobDigest: train.jobDigest,
      round: 1,
      site: 'north',
      baseModel: (train.work as { baseModel: string }).baseModel,
      weight: { value: RECORDED.trainCases, source: 'examples' },
      figures: RECORDED.figures,
    });
    expect(second!.counter).toBeGreaterThan(first!.counter);
  });

  it('withholds figures that describe too few cases (invariant 8)', async () => {
    site = {
      ...site,
      policy: { ...site.policy, minCasesForMetrics: RECORDED.validationCases + 1 },
    };
    coordinator.tasks.push(train);
    await enrolAndStart();
    await until(() => coordinator.accepted.length === 1);
    expect(coordinator.accepted[0]!.statement.figures).toEqual({ dice: null, auc: null });
  });

  it('heartbeats while it trains, saying so', async () => {
    trainer.onRun = async () => until(() => coordinator.beats.length >= 3);
    coordinator.tasks.push(train);
    await enrolAndStart();
    await until(() => coordinator.accepted.length === 1);
    expect(coordinator.beats[0]).toEqual({ job: JOB, round: 1, state: 'training' });
  });

  it('ends the training when it is no longer wanted, and takes on what is', async () => {
    coordinator.stillWanted = false;
    trainer.onRun = async (order, signal) => {
      if (order.work.kind !== 'train') return;
      coordinator.tasks.splice(0, 1, evaluate);
      await untilAborted(order, signal);
    };
    coordinator.tasks.push(train);
    await enrolAndStart();
    await until(() => coordinator.accepted.length === 1);
    expect(coordinator.accepted[0]!.statement.round).toBe(2);
  });

  it('stops within seconds in the middle of training, its state durable', async () => {
    trainer.onRun = untilAborted;
    coordinator.tasks.push(train);
    const controller = new AbortController();
    const agent = await enrolAndStart({ signal: controller.signal });
    await until(() => trainer.orders.length === 1);
    controller.abort();
    await agent.done;
    expect(trainer.closed).toBe(true);
    expect(existsSync(folder().lock)).toBe(false);
  });

  it('does not share its state folder with a second one', async () => {
    await enrolAndStart();
    await expect(start()).rejects.toMatchObject({ code: 'agent/already-running' });
  });

  it('renews a certificate of which less than a third is left, and dials with the new one', async () => {
    await enrol();
    const before = await loadCredentials(folder().credentials);
    const inTwentyFiveDaysMs = Date.now() + 25 * 86_400_000;
    await start({
      clock: {
        nowMs: () =>
          coordinator.calls.includes('renewCertificate') ? Date.now() : inTwentyFiveDaysMs,
        sleep: () => Promise.resolve(),
      },
    });
    await until(() => coordinator.calls.filter((method) => method === 'hello').length === 2);
    const after = await loadCredentials(folder().credentials);
    expect(after.keyPem).not.toBe(before.keyPem);
    coordinator.tasks.push(train);
    await until(() => coordinator.accepted.length === 1);
  });
});

describe('a crash or a broken connection', () => {
  it('before the receipt: the same bytes are delivered by the next agent, nothing is trained again', async () => {
    coordinator.tasks.push(train);
    coordinator.breakAll('submit');
    const first = await enrolAndStart();
    await until(() => coordinator.presented.length > 0);
    await first.stop();
    expect(outbox()).toHaveLength(1);
    coordinator.heal();
    const [presented] = coordinator.presented;
    await start();
    await until(() => coordinator.accepted.length === 1);
    expect(coordinator.accepted[0]!.envelope).toEqual(presented);
    expect(trainer.orders).toHaveLength(1);
  });

  it('that damages the stored delta: it is not sent, and the round is trained again', async () => {
    coordinator.breakAll('beginUpload');
    coordinator.tasks.push(train);
    await enrolAndStart();
    await until(() => outbox().length === 1 && coordinator.calls.includes('beginUpload'));
    const [statement] = outbox();
    truncateSync(join(folder().outbox, statement!, 'delta.safetensors'), 10);
    coordinator.heal();
    await until(() => coordinator.accepted.length === 1);
    expect(trainer.orders).toHaveLength(2);
    expect(coordinator.accepted[0]!.delta).toEqual(Buffer.from(recordedDelta(1)));
  });

  it('after the coordinator accepted: the lost receipt is fetched, and nothing is counted twice', async () => {
    coordinator.receiptsToLose = 1;
    coordinator.tasks.push(train);
    await enrolAndStart();
    await until(() => receipts().length === 1);
    await until(() => outbox().length === 0);
    expect(coordinator.accepted).toHaveLength(1);
    expect(coordinator.calls).toContain('getReceipt');
  });

  it('in the middle of an upload: it continues where it broke off', async () => {
    coordinator.failNext('upload');
    coordinator.tasks.push(train);
    await enrolAndStart();
    await until(() => coordinator.accepted.length === 1);
    expect(coordinator.deltaBytes).toBe(recordedDelta(1).length);
  });

  it('of the coordinator while the site trains: the training goes on and the update arrives', async () => {
    trainer.onRun = async () => {
      await coordinator.stop();
      await coordinator.start();
    };
    coordinator.tasks.push(train);
    await enrolAndStart();
    await until(() => coordinator.accepted.length === 1);
    expect(trainer.orders).toHaveLength(1);
  });

  it('keeps the agent dialling until the coordinator is there', async () => {
    await enrol();
    await coordinator.stop();
    await start();
    await until(() => existsSync(folder().egressLedger));
    await coordinator.start();
    coordinator.tasks.push(train);
    await until(() => coordinator.accepted.length === 1);
  });

  it('of the trainer: it is tried again', async () => {
    let crashes = 2;
    trainer.onRun = async () => {
      if (crashes-- > 0) throw fail('trainer-died', { how: 'SIGSEGV' });
    };
    coordinator.tasks.push(train);
    await enrolAndStart();
    await until(() => coordinator.accepted.length === 1);
    expect(trainer.orders).toHaveLength(3);
  });
});

describe('a refusal', () => {
  it('stale-round: the answer is dropped and the next task is done', async () => {
    coordinator.failNext('beginUpload', refuse('stale-round', { round: 1, current: 2 }));
    trainer.onRun = async () => {
      coordinator.tasks.splice(0, 1, evaluate);
    };
    coordinator.tasks.push(train);
    await enrolAndStart();
    await until(() => coordinator.accepted.length === 1);
    expect(coordinator.accepted[0]!.statement.round).toBe(2);
    await until(() => outbox().length === 0);
  });

  it.each([
    ['revoked', () => refuse('revoked', { name: 'north' })],
    ['protocol-too-old', () => refuse('protocol-too-old', { offered: 1, required: 2 })],
  ])('%s: the agent stops and says what to do', async (code, error) => {
    coordinator.failNext('hello', error());
    const agent = await enrolAndStart();
    await expect(agent.done).rejects.toMatchObject({
      code: `refused/${code}`,
      advice: expect.stringMatching(/\w/),
    });
    expect(existsSync(folder().lock)).toBe(false);
  });

  it('job-paused: the answer waits, and is delivered when its task is offered again', async () => {
    coordinator.failNext('beginUpload', refuse('job-paused', { job: JOB }));
    coordinator.tasks.push(train);
    await enrolAndStart();
    await until(() => coordinator.accepted.length === 1);
    expect(trainer.orders).toHaveLength(1);
    expect(coordinator.calls.filter((method) => method === 'beginUpload')).toHaveLength(2);
  });

  it('counter-not-increasing: the same delta is signed again under a higher counter', async () => {
    coordinator.failNext('beginUpload', refuse('counter-not-increasing', { counter: 1, last: 2 }));
    coordinator.tasks.push(train);
    await enrolAndStart();
    await until(() => coordinator.accepted.length === 1);
    expect(trainer.orders).toHaveLength(1);
    expect(coordinator.accepted[0]!.delta).toEqual(Buffer.from(recordedDelta(1)));
  });
});

describe('invariant 6: jobs are data', () => {
  async function gateOutcomeOf(bytes: Uint8Array): Promise<string> {
    coordinator.tasks.push({ ...gate, jobDigest: coordinator.put(bytes) });
    await enrolAndStart();
    await until(() => coordinator.gates.length === 1);
    return coordinator.gates[0]!.outcome;
  }

  it('a job with anything the strict schema does not know is not taken on', async () => {
    const job = { ...jobSchema.parse(TEST_JOB), onRoundEnd: 'rm -rf /' };
    expect(await gateOutcomeOf(Buffer.from(JSON.stringify(job)))).toBe('not-supported');
    expect(trainer.orders).toEqual([]);
  });

  it('a job whose bytes are not the canonical ones of what they say is not taken on', async () => {
    const job = jobSchema.parse(TEST_JOB);
    const spaced = Buffer.from(JSON.stringify(job, null, 1));
    expect(jobDigest(job)).not.toBe(coordinator.put(spaced));
    expect(await gateOutcomeOf(spaced)).toBe('not-supported');
  });

  it('a job that policy forbids is refused before its data is looked at', async () => {
    site = { ...site, policy: { ...site.policy, allowedJobs: ['prostate-*'] } };
    expect(await gateOutcomeOf(jobBytes())).toBe('refused-by-policy');
    expect(trainer.orders).toEqual([]);
  });

  it('a model with other bytes than its digest is never handed to the trainer', async () => {
    coordinator.falsify((train.work as { baseModel: string }).baseModel, Buffer.from('another'));
    coordinator.tasks.push(train);
    await enrolAndStart();
    await until(() => coordinator.calls.filter((method) => method === 'nextTask').length >= 3);
    expect(trainer.orders).toEqual([]);
  });
});

describe('invariant 7: the private key', () => {
  it('is made here, readable by its owner only, and no part of it is sent', async () => {
    await enroll(site, coordinator.invitation);
    const path = join(folder().credentials, 'credentials.pem');
    expect(statSync(path).mode & 0o777).toBe(0o600);
    coordinator.tasks.push(train);
    await start();
    await until(() => coordinator.accepted.length === 1);
    const { keyPem } = await loadCredentials(folder().credentials);
    const { d, p, q } = createPrivateKey(keyPem).export({ format: 'jwk' });
    const [update] = coordinator.accepted;
    const { payload, signatures } = update!.envelope;
    const sent = [...coordinator.requests, payload, signatures[0]!.sig, update!.delta!];
    for (const secret of [d, p, q].map((part) => Buffer.from(part!, 'base64url'))) {
      for (const bytes of sent) expect(Buffer.from(bytes).includes(secret)).toBe(false);
    }
  });

  it('is the same when an enrolment is repeated after a lost answer', async () => {
    coordinator.failNext('enroll');
    await expect(enroll(site, coordinator.invitation)).rejects.toMatchObject({
      code: 'protocol/coordinator-failed',
    });
    const pending = readFileSync(join(folder().credentials, 'pending.key'), 'utf8');
    await enroll(site, coordinator.invitation);
    expect((await loadCredentials(folder().credentials)).keyPem).toBe(pending);
  });

  it('belongs to one enrolment: a second is refused by name', async () => {
    await enrol();
    await expect(enroll(site, coordinator.invitation)).rejects.toMatchObject({
      code: 'agent/already-enrolled',
    });
    const other = { ...coordinator.invitation, site: 'south' };
    await expect(enroll(site, other)).rejects.toMatchObject({ code: 'agent/site-mismatch' });
  });
});

describe('invariant 1: the egress ledger of a running agent', () => {
  it('itemises every message of every kind that arrived', async () => {
    coordinator.tasks.push(gate, train, evaluate);
    const agent = await enrolAndStart();
    await until(() => coordinator.accepted.length === 2 && outbox().length === 0);
    await agent.stop();
    const entries = await ledger();
    const count = (kind: string) => entries.filter((entry) => entry.kind === kind).length;
    const calls = (...methods: string[]) =>
      coordinator.calls.filter((method) => methods.includes(method)).length;
    expect(count('certificate-request')).toBe(1);
    expect(count('capabilities')).toBe(1);
    expect(count('gate')).toBe(1);
    expect(count('statement')).toBe(2);
    expect(count('control')).toBe(calls('nextTask', 'heartbeat', 'download', 'submit'));
    const { delta } = await summarise(entries);
    expect(delta).toBeGreaterThan(coordinator.deltaBytes);
    expect(delta).toBeLessThan(coordinator.deltaBytes + 1_000);
    const [statement] = entries.filter(({ kind }) => kind === 'statement');
    expect(statement).toMatchObject({ job: JOB, round: 1 });
  });

  it('stops the agent when it cannot be written, and nothing leaves', async () => {
    await enrol();
    rmSync(folder().egressLedger);
    mkdirSync(folder().egressLedger);
    await expect(start()).rejects.toMatchObject({ code: 'agent/ledger-unwritable' });
    expect(coordinator.calls).toEqual(['enroll']);
  });
});

describe('a check of the site', () => {
  it('sends one Hello and nothing else, and says what is wrong with advice', async () => {
    await enrol();
    const { ok, lines } = await checkSite(site);
    expect(coordinator.calls).toEqual(['enroll', 'hello']);
    expect(ok).toBe(false);
    const data = lines.find(({ what }) => what === 'data');
    expect(data).toMatchObject({ ok: false, advice: expect.stringMatching(/\w/) });
    expect(lines.filter((line) => line.ok).map(({ what }) => what)).toEqual([
      'credentials',
      'coordinator',
      'engine',
    ]);
  });

  it('of a site that never enrolled says to enrol', async () => {
    const { lines } = await checkSite(site);
    expect(lines[0]).toMatchObject({
      what: 'credentials',
      ok: false,
      advice: expect.stringContaining('fedvox agent enroll'),
    });
    expect(coordinator.calls).toEqual([]);
  });
});
