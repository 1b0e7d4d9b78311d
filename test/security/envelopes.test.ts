import { canonicalJson } from '@fedvox/base';
import {
  type Envelope,
  encodeStatement,
  envelopeFromJson,
  type Signature,
  type Task,
  verifyUpdate,
} from '@fedvox/protocol';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createTestConsortium, type TestConsortium } from '../support/consortium.js';
import { startTestFederation, type TestFederation } from '../support/federation.js';
import type { ScriptedSite } from '../support/scripted-site.js';

const KB = 1_000;

/** An envelope is kept for ever, so nothing may travel in it that is neither said nor verified. */
describe('an envelope', () => {
  let consortium: TestConsortium;
  let federation: TestFederation;
  let north: ScriptedSite;
  let task: Task;
  beforeAll(async () => {
    consortium = await createTestConsortium();
    federation = await startTestFederation(consortium);
    north = federation.site('north');
    await federation.submit({ rounds: 1, minSites: 3 });
    await Promise.all(federation.sites.map((site) => site.workOnce()));
    task = await north.nextRoundTask();
  });
  afterAll(async () => {
    await federation.stop();
    await consortium.remove();
  });

  const junk = (bytes: number): Signature => ({ keyid: 'x', sig: Buffer.alloc(bytes, 7) });
  const withSignatures = (change: (own: Signature) => readonly Signature[]): Envelope => {
    const { envelope } = north.sign(task);
    return { ...envelope, signatures: change(envelope.signatures[0] as Signature) };
  };

  it.each([
    [
      'seven signatures of 100 KB',
      'request-invalid',
      (own: Signature) => [own, ...Array(6).fill(junk(100 * KB))],
    ],
    ['two signatures, both of them right', 'request-invalid', (own: Signature) => [own, own]],
    ['no signature', 'request-invalid', () => []],
    [
      'a signature of 513 bytes',
      'request-invalid',
      (own: Signature) => [{ ...own, sig: junk(513).sig }],
    ],
    [
      'free text as its key id',
      'bad-signature',
      (own: Signature) => [{ ...own, keyid: 'Doe^Jane' }],
    ],
    [
      '100 KB of free text as its key id',
      'request-invalid',
      (own: Signature) => [{ ...own, keyid: 'Doe '.repeat(25 * KB) }],
    ],
    ['no key id', 'bad-signature', (own: Signature) => [{ ...own, keyid: '' }]],
  ] as const)('with %s is refused', async (_, code, change) => {
    const begun = north.client.beginUpload(withSignatures(change));
    await expect(begun).rejects.toMatchObject({ code: `refused/${code}` });
  });

  it.each([
    ['white space', (text: string) => text.replace('{', `{${' '.repeat(8 * KB)}`)],
    ['a member twice', (text: string) => text.replace('{', '{"site":"Doe^Jane",')],
    ['an escaped letter', (text: string) => text.replace('"site"', '"\\u0073ite"')],
    ['a number written otherwise', (text: string) => text.replace('"round":1', '"round":1.0')],
  ])('whose statement is signed with %s in it is refused', async (_, change) => {
    const { statement } = north.sign(task);
    const text = Buffer.from(encodeStatement(statement)).toString();
    expect(text).toBe(canonicalJson(statement));
    const begun = north.client.beginUpload(north.envelop(Buffer.from(change(text))));
    await expect(begun).rejects.toMatchObject({ code: 'refused/request-invalid' });
  });

  it('of 3.5 MB is not even read', async () => {
    const envelope = withSignatures((own) => [own, ...Array(6).fill(junk(500 * KB))]);
    await expect(north.client.beginUpload(envelope)).rejects.toThrow();
  });

  it('of an honest site is taken and kept, and what is kept is read back and verified', async () => {
    const { envelope } = await delivered();
    const [update] = await federation.operator.updates(task.job, 1);
    const kept = envelopeFromJson(update?.statement);
    expect(kept).toEqual(envelope);
    expect(verifyUpdate(kept, north.certificate).statement.site).toBe('north');
  });

  async function delivered() {
    const update = north.sign(task);
    await north.deliver(update);
    return update;
  }
});
