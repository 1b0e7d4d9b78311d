import { sha256 } from '@fedvox/base';
import { createKeyPair } from '@fedvox/pki';
import type { Task } from '@fedvox/protocol';
import { dialCoordinator, type FederationClient } from '@fedvox/transport';
import { encodeWeights } from '@fedvox/weights';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import {
  createTestConsortium,
  FEDERATION,
  issueFor,
  type TestConsortium,
} from '../support/consortium.js';
import {
  INITIAL_WEIGHTS,
  startTestFederation,
  type TestFederation,
  waitForJob,
} from '../support/federation.js';
import {
  certificateFor,
  type ScriptedSite,
  type ScriptedUpdate,
  WEIGHTS,
} from '../support/scripted-site.js';
import { digestOf, expectedModel, tinyDelta, tinyWeights } from '../support/tiny-model.js';

/**
 * Every update that must be refused, by name, over the real wire; and after each refusal the honest
 * site's own update of the same round is accepted and the round makes the right model.
 */
describe('invariant 5: an update', () => {
  let consortium: TestConsortium;
  let federation: TestFederation;
  let id: string;
  let north: ScriptedSite;
  let task: Task;
  beforeAll(async () => {
    consortium = await createTestConsortium();
    federation = await startTestFederation(consortium);
    north = federation.site('north');
  });
  afterAll(async () => {
    await federation.stop();
    await consortium.remove();
  });

  /** A job in round 1, where east and south have answered and north is awaited. */
  beforeEach(async () => {
    const sites = federation.sites.map(({ name }) => name);
    id = await federation.submit({ rounds: 1, minSites: 3, sites });
    await Promise.all(federation.sites.map((site) => site.workOnce()));
    await federation.site('east').workOnce();
    await federation.site('south').workOnce();
    task = await north.nextRoundTask();
  });

  /** Nothing was lost and nothing got in: north delivers, and the model is the honest one. */
  afterEach(async () => {
    await north.answer(task);
    await Promise.all(federation.sites.map((site) => site.workOnce()));
    const job = await waitForJob(federation.operator, id, ({ status }) => status === 'completed');
    const updates = Object.entries(WEIGHTS).map(([site, weight]) => ({ site, weight }));
    expect(job.rounds[1]?.modelSha256).toBe(digestOf(expectedModel(INITIAL_WEIGHTS, 1, updates)));
  });

  const deliver = (update: ScriptedUpdate) => north.deliver(update);
  const refused = (code: string) => ({ code: `refused/${code}` });

  it('is refused when its delta was altered on the way', async () => {
    const update = north.sign(task);
    const altered = Uint8Array.from(update.delta);
    altered[altered.length - 1]! ^= 1;
    const delivery = deliver({ ...update, delta: altered });
    await expect(delivery).rejects.toMatchObject(refused('delta-digest-mismatch'));
  });

  it('is refused when its upload was cut off, and continued from where it was', async () => {
    const update = north.sign(task);
    const cut = { ...update, delta: update.delta.subarray(0, 150) };
    await expect(deliver(cut)).rejects.toMatchObject(refused('delta-truncated'));
    const { offset } = await north.client.beginUpload(update.envelope);
    expect(offset).toBe(150);
    const skipping = north.client.upload(
      { statement: (await north.client.beginUpload(update.envelope)).statement, offset: 160 },
      chunks(update.delta.subarray(160)),
    );
    await expect(skipping).rejects.toMatchObject(refused('upload-offset-wrong'));
  });

  it('is refused when its delta holds a NaN', async () => {
    const delta = new Map(tinyDelta('north', 1));
    delta.get('conv.bias')!.data[2] = Number.NaN;
    const update = north.sign(task, { delta: encodeWeights(delta) });
    await expect(deliver(update)).rejects.toMatchObject(refused('delta-not-finite'));
  });

  it('is told to operators when it is refused: by site and reason, how often, and as an event', async () => {
    const delta = new Map(tinyDelta('north', 1));
    delta.get('conv.bias')!.data[2] = Number.POSITIVE_INFINITY;
    const attempt = () => deliver(north.sign(task, { delta: encodeWeights(delta) }));
    const seen = (await federation.operator.events(0, 0, undefined, id)).at(-1)?.sequence ?? 0;
    await expect(attempt()).rejects.toMatchObject(refused('delta-not-finite'));
    const told = { site: 'north', reason: 'delta-not-finite', round: 1 };
    const events = await federation.operator.events(seen, 5_000, undefined, id);
    expect(events.map(({ fact }) => fact)).toEqual([{ kind: 'update-refused', ...told }]);
    const { refused: list } = await federation.operator.job(id);
    expect(list).toEqual([expect.objectContaining({ ...told, times: 1 })]);
  });

  it('is refused when a tensor of its delta has another shape', async () => {
    const delta = new Map(tinyDelta('north', 1));
    delta.set('conv.weight', { ...delta.get('conv.weight')!, shape: [2, 4, 3] });
    const update = north.sign(task, { delta: encodeWeights(delta) });
    await expect(deliver(update)).rejects.toMatchObject(refused('delta-shape-mismatch'));
  });

  it('is refused when its delta lacks a tensor', async () => {
    const delta = new Map(tinyDelta('north', 1));
    delta.delete('conv.bias');
    const update = north.sign(task, { delta: encodeWeights(delta) });
    await expect(deliver(update)).rejects.toMatchObject(refused('delta-shape-mismatch'));
  });

  it('is refused when its delta is no safetensors file', async () => {
    const { byteLength } = north.sign(task).delta;
    const update = north.sign(task, { delta: Buffer.alloc(byteLength, 'not weights at all') });
    await expect(deliver(update)).rejects.toMatchObject(refused('delta-not-safetensors'));
  });

  it('is refused when its delta is far larger than the model', async () => {
    const delta = new Uint8Array(1024 * 1024);
    const update = north.sign(task, { delta });
    await expect(deliver(update)).rejects.toMatchObject(refused('delta-too-large'));
  });

  it('is refused when more bytes come than it announced', async () => {
    const update = north.sign(task);
    const longer = Buffer.concat([update.delta, Buffer.from('and more')]);
    const delivery = deliver({ ...update, delta: longer });
    await expect(delivery).rejects.toMatchObject(refused('delta-too-large'));
  });

  it.each([0, 2, 7])('is refused for round %d when the job is at round 1', async (round) => {
    const update = north.sign(task, { statement: { round } });
    await expect(deliver(update)).rejects.toMatchObject(refused('stale-round'));
  });

  it('is refused when its statement was accepted before', async () => {
    const update = north.sign(task);
    await north.client.beginUpload(update.envelope);
    await deliver(update);
    const replay = north.client.beginUpload(update.envelope);
    await expect(replay).rejects.toMatchObject(refused('replayed-statement'));
    // The receipt is there for the asking; a second statement for the round is not taken.
    await deliver(update);
    const second = north.client.beginUpload(north.sign(task).envelope);
    await expect(second).rejects.toMatchObject({
      // The round may have gone on to its evaluation by the time the second statement comes.
      code: expect.stringMatching(/^refused\/(round-closed|stale-round)$/),
    });
    task = { ...task, work: { kind: 'check-data' } };
  });

  it('gets one receipt, however often it is submitted, and only its own site may have it', async () => {
    const update = north.sign(task);
    const position = await north.client.beginUpload(update.envelope);
    await north.client.upload(position, chunks(update.delta));
    const submit = () => north.client.submit(position.statement);
    const answers = await Promise.allSettled([submit(), submit(), submit()]);
    const outcomes = answers.map((answer) =>
      answer.status === 'fulfilled' ? sha256(answer.value.payload) : answer.reason.code,
    );
    const late = outcomes.filter((outcome) => outcome === 'refused/replayed-statement');
    expect(new Set(outcomes).size).toBe(late.length > 0 ? 2 : 1);
    const another = federation.site('east').client.getReceipt(position.statement);
    await expect(another).rejects.toMatchObject(refused('receipt-unknown'));
    task = { ...task, work: { kind: 'check-data' } };
  });

  it('is refused when its base model is another one', async () => {
    const baseModel = digestOf(tinyWeights('another'));
    const update = north.sign(task, { statement: { baseModel } });
    await expect(deliver(update)).rejects.toMatchObject(refused('wrong-base-model'));
  });

  it('is refused when its job is another one', async () => {
    const update = north.sign(task, { statement: { job: 'tiny-unknown' } });
    await expect(deliver(update)).rejects.toMatchObject(refused('unknown-job'));
  });

  it('is refused when it was trained from other job bytes', async () => {
    const update = north.sign(task, { statement: { jobDigest: 'a'.repeat(64) } });
    await expect(deliver(update)).rejects.toMatchObject(refused('wrong-job-digest'));
  });

  it('is refused when its counter does not rise', async () => {
    const update = north.sign(task, { statement: { counter: 0 } });
    await expect(deliver(update)).rejects.toMatchObject(refused('counter-not-increasing'));
  });

  it('is refused when it names no delta in a round that trains', async () => {
    const update = north.sign(task, { statement: { delta: null } });
    await expect(deliver(update)).rejects.toMatchObject(refused('delta-missing'));
  });

  it('is refused when its statement was altered after it was signed', async () => {
    const { envelope } = north.sign(task);
    const payload = Buffer.from(envelope.payload);
    payload[payload.indexOf('"round":1') + '"round":'.length] = '2'.charCodeAt(0);
    const begin = north.client.beginUpload({ ...envelope, payload });
    await expect(begin).rejects.toMatchObject(refused('bad-signature'));
  });

  it('is refused when its weight is no weight, or its figure no figure', async () => {
    const heavy = north.sign(task, { statement: { weight: { value: 1e12, source: 'declared' } } });
    await expect(deliver(heavy)).rejects.toMatchObject(refused('weight-out-of-range'));
    const proud = north.sign(task, { statement: { figures: { dice: 1.5, auc: null } } });
    await expect(deliver(proud)).rejects.toMatchObject(refused('figures-out-of-range'));
  });

  it('is refused when the certificate names another site', async () => {
    const update = north.sign(task, { statement: { site: 'east' } });
    await expect(deliver(update)).rejects.toMatchObject(refused('wrong-site'));
    const begin = federation.site('east').client.beginUpload(north.sign(task).envelope);
    await expect(begin).rejects.toMatchObject(refused('bad-signature'));
  });

  it('is refused from a site that the job does not invite', async () => {
    const { privateKeyPem: keyPem } = await createKeyPair();
    const invitation = await federation.operator.inviteSite('west');
    const west = clientWith({
      keyPem,
      certificateChainPem: await certificateFor(invitation, keyPem),
    });
    const report = west.reportGate({ job: id, outcome: 'pass', figures: null });
    await expect(report).rejects.toMatchObject(refused('not-invited'));
    const decline = west.decline({ job: id, round: 1, reason: 'no-disk-space' });
    await expect(decline).rejects.toMatchObject(refused('not-invited'));
    await expect(bytesOf(west, task)).rejects.toMatchObject(refused('unknown-blob'));
    west.close();
    await federation.operator.revokeSite('west');
  });

  it('is refused with the certificate of another role', async () => {
    const operator = clientWith(await issueFor(consortium, 'operator', 'operator'));
    await expect(operator.nextTask('idle')).rejects.toMatchObject(refused('wrong-role'));
    operator.close();
  });

  it('is refused from a client without a certificate', async () => {
    const nobody = clientWith(undefined);
    await expect(nobody.hello(['delta-f32'])).rejects.toMatchObject({
      code: expect.stringMatching(/^protocol\/(own-certificate-missing|connection-lost)$/),
    });
    nobody.close();
  });

  function clientWith(own: { keyPem: string; certificateChainPem: string } | undefined) {
    return dialCoordinator({
      address: federation.federationAddress,
      federation: FEDERATION,
      caPem: consortium.consortium.authority.certificatePem,
      own: own as { keyPem: string; certificateChainPem: string },
      onSent: () => undefined,
    });
  }
});

async function bytesOf(client: FederationClient, task: Task): Promise<number> {
  let length = 0;
  for await (const { chunk } of client.download(task.jobDigest, 0)) length += chunk.byteLength;
  return length;
}

async function* chunks(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
}
