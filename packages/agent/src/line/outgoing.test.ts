import { generateKeyPairSync } from 'node:crypto';
import {
  encodeStatement,
  signUpdate,
  UPDATE_PAYLOAD_TYPE,
  type UpdateStatement,
  type UpdateStatementV2,
} from '@fedvox/protocol';
import { describe, expect, it } from 'vitest';
import { checkSendable, type Outgoing, subjectOf } from './outgoing.js';

const SHA = 'a'.repeat(64);
const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const statement: UpdateStatement = {
  kind: 'fedvox/update/v1',
  federation: 'demo',
  job: 'lesion-1',
  jobDigest: SHA,
  round: 1,
  site: 'north',
  baseModel: SHA,
  delta: null,
  weight: { value: 12, source: 'examples' },
  figures: { dice: 0.5, auc: null },
  counter: 1,
};
const second: UpdateStatementV2 = {
  ...statement,
  kind: 'fedvox/update/v2',
  companions: [],
  localSteps: 40,
};
const envelope = signUpdate(statement, privateKey, SHA);
const about = { statement: SHA, job: 'lesion-1', round: 1 };

/** One of each: what a site says in the course of a job. */
const SENDABLE: readonly Outgoing[] = [
  { kind: 'enrolment', token: 'fedvox-invite-x_Y', request: new Uint8Array(900) },
  { kind: 'renewal', request: new Uint8Array(900) },
  { kind: 'hello', capabilities: ['delta-f32', 'network-unet'] },
  { kind: 'next-task', state: 'idle' },
  { kind: 'heartbeat', job: 'lesion-1', round: 1, state: 'training' },
  { kind: 'download', job: 'lesion-1', round: 1, digest: SHA },
  { kind: 'gate', job: 'lesion-1', outcome: 'too-few-cases', figures: null },
  { kind: 'decline', job: 'lesion-1', round: 1, reason: 'no-disk-space' },
  { kind: 'statement', ...about, envelope },
  { kind: 'delta', ...about, digest: SHA },
  { kind: 'end-of-upload', ...about },
  { kind: 'receipt-request', ...about },
];

const of = (kind: Outgoing['kind']) => SENDABLE.find((message) => message.kind === kind)!;
const payloadOf = (value: unknown) => Buffer.from(JSON.stringify(value));

describe('invariant 1, closed-world egress:', () => {
  it.each(SENDABLE.map((message) => [message.kind, message] as const))(
    '%s is on the list',
    (_, message) => {
      expect(() => checkSendable(message)).not.toThrow();
    },
  );

  it.each(SENDABLE.map((message) => [message.kind, message] as const))(
    '%s takes no member that is not on the list, such as a patient',
    (_, message) => {
      const leaky: object = { ...message, note: 'Doe^Jane' };
      expect(() => checkSendable(leaky as Outgoing)).toThrow(/closed list/);
    },
  );

  it.each<[string, object]>([
    ['a message of no known kind', { kind: 'log', line: 'hello' }],
    ['a job id that the coordinator cannot have given', { ...of('gate'), job: 'Doe^Jane' }],
    ['a reason in words', { ...of('gate'), outcome: 'file /pacs/doe.dcm is damaged' }],
    ['figures in numbers', { ...of('gate'), figures: 3 }],
    ['work declined in words', { ...of('decline'), reason: 'the NAS of Dr. Roe is away' }],
    ['a state in words', { ...of('heartbeat'), state: 'waiting for Dr. Roe' }],
    ['a capability of this site alone', { ...of('hello'), capabilities: ['scanner-siemens'] }],
    ['a digest that is none', { ...of('download'), digest: '../../pacs' }],
    ['a round that is no number', { ...of('heartbeat'), round: '1' }],
    ['a request too large for one', { ...of('renewal'), request: new Uint8Array(1 << 20) }],
    [
      'a statement with one more field',
      {
        ...of('statement'),
        envelope: { ...envelope, payload: payloadOf({ ...statement, patients: ['Doe^Jane'] }) },
      },
    ],
    [
      'a statement of a tensor file beside the delta, for which no strategy asks',
      {
        ...of('statement'),
        envelope: {
          ...envelope,
          payload: encodeStatement({
            ...second,
            companions: [{ role: 'control-variate', sha256: SHA, byteLength: 8 }],
          }),
        },
      },
    ],
    [
      'a statement that is not in its canonical bytes, where a message could hide in the order',
      { ...of('statement'), envelope: { ...envelope, payload: payloadOf(statement) } },
    ],
    [
      'an envelope of another type',
      { ...of('statement'), envelope: { ...envelope, payloadType: `${UPDATE_PAYLOAD_TYPE}; x` } },
    ],
    [
      'a key id in words',
      {
        ...of('statement'),
        envelope: { ...envelope, signatures: [{ ...envelope.signatures[0]!, keyid: 'Doe^Jane' }] },
      },
    ],
    [
      'a second signature, where anything would fit',
      {
        ...of('statement'),
        envelope: { ...envelope, signatures: [...envelope.signatures, ...envelope.signatures] },
      },
    ],
  ])('%s is kept here', (_, message) => {
    expect(() => checkSendable(message as Outgoing)).toThrow(
      expect.objectContaining({ code: 'agent/not-sendable' }),
    );
  });

  it('lets a statement go that says its local steps', () => {
    const stepping = { ...of('statement'), envelope: signUpdate(second, privateKey, SHA) };
    expect(() => checkSendable(stepping as Outgoing)).not.toThrow();
  });

  it('says what it kept without repeating it', () => {
    const leaky = { ...of('gate'), outcome: 'Doe^Jane' } as unknown as Outgoing;
    expect(() => checkSendable(leaky)).toThrow(expect.not.stringContaining('Doe'));
  });
});

describe('the subject of a message', () => {
  it('names job, round and digest as far as it is about them', () => {
    expect(subjectOf(of('hello'))).toEqual({ job: null, round: null, digest: null });
    expect(subjectOf(of('gate'))).toEqual({ job: 'lesion-1', round: null, digest: null });
    expect(subjectOf(of('end-of-upload'))).toEqual({ job: 'lesion-1', round: 1, digest: SHA });
  });
});
