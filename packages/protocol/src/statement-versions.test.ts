import { canonicalJson, sha256 } from '@fedvox/base';
import { ENCODING_KINDS } from '@fedvox/job';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { signEnvelope } from './dsse.js';
import {
  type ReceiptStatementV2,
  TENSOR_ROLES,
  type TensorRole,
  type UpdateStatementV2,
  type UpdateStatementV3,
} from './statement-schemas.js';
import {
  decodeUpdateStatement,
  encodeStatement,
  signReceipt,
  signUpdate,
  statementDigest,
  UPDATE_PAYLOAD_TYPE,
  verifyReceipt,
} from './statements.js';
import { sampleUpdate, testSigner } from './testing/signers.js';
import { verifyUpdate } from './update-verification.js';

const alice = testSigner('alice');
const file = (role: TensorRole) => ({ role, sha256: sha256(role), byteLength: 8 });
const second: UpdateStatementV2 = {
  ...sampleUpdate,
  kind: 'fedvox/update/v2',
  companions: TENSOR_ROLES.map(file),
  localSteps: 40,
};
const third: UpdateStatementV3 = {
  ...second,
  kind: 'fedvox/update/v3',
  companions: [],
  localSteps: null,
  delta: { ...sampleUpdate.delta!, encoding: 'int8' },
};
const bytesOf = (content: unknown) => Buffer.from(canonicalJson(content), 'utf8');
const verify = (type: string, content: unknown) =>
  verifyUpdate(signEnvelope(type, bytesOf(content), alice.key, alice.keyid), alice.certificate);
const typeOf = (version: number) => UPDATE_PAYLOAD_TYPE.replace('v1', `v${version}`);
const refused = (reason: string) =>
  expect.objectContaining({
    code: 'refused/request-invalid',
    message: expect.stringContaining(reason),
    advice: expect.stringContaining('Upgrade the older side'),
  });

describe('the second version of an update', () => {
  it('is read and verified beside the first', () => {
    const signed = signUpdate(second, alice.key, alice.keyid);
    expect(signed.payloadType).toBe('application/vnd.fedvox.update.v2+json');
    expect(verifyUpdate(signed, alice.certificate).statement).toEqual(second);
    const first = signUpdate(sampleUpdate, alice.key, alice.keyid);
    expect(first.payloadType).toBe('application/vnd.fedvox.update.v1+json');
    expect(verifyUpdate(first, alice.certificate).statement).toEqual(sampleUpdate);
  });

  it('survives its bytes, with any number of tensor files and steps', () => {
    const content = fc.record({
      companions: fc.subarray([...TENSOR_ROLES]).map((roles) => roles.map(file)),
      localSteps: fc.option(fc.integer({ min: 1 }), { nil: null }),
    });
    fc.assert(
      fc.property(content, (changes) => {
        const statement = { ...second, ...changes };
        expect(decodeUpdateStatement(encodeStatement(statement))).toEqual(statement);
      }),
    );
  });

  it.each([
    ['a tensor file twice', { companions: [file('full-gradient'), file('full-gradient')] }],
    ['tensor files in another order', { companions: TENSOR_ROLES.map(file).reverse() }],
    ['a tensor file of a free name', { companions: [{ ...file('full-gradient'), role: 'Doe' }] }],
    ['no steps at all', { localSteps: 0 }],
    ['half a step', { localSteps: 0.5 }],
    ['a member too many', { patients: 3 }],
    ['a member missing', { localSteps: undefined }],
  ])('with %s is refused', (_, changes) => {
    const malformed = expect.objectContaining({ code: 'protocol/statement-malformed' });
    expect(() => decodeUpdateStatement(bytesOf({ ...second, ...changes }))).toThrow(malformed);
  });

  it('is held to the same ranges as the first', () => {
    const weight = { value: -1, source: 'declared' };
    expect(() => verify(typeOf(2), { ...second, weight })).toThrow(
      expect.objectContaining({ code: 'refused/weight-out-of-range' }),
    );
  });
});

describe('the third version of an update', () => {
  it('says how its delta is encoded, beside what the second says', () => {
    const signed = signUpdate(third, alice.key, alice.keyid);
    expect(signed.payloadType).toBe('application/vnd.fedvox.update.v3+json');
    expect(verifyUpdate(signed, alice.certificate).statement).toEqual(third);
    for (const encoding of ENCODING_KINDS) {
      const statement = { ...third, delta: { ...third.delta, encoding } };
      expect(decodeUpdateStatement(encodeStatement(statement))).toEqual(statement);
    }
  });

  it.each([
    ['no delta', { delta: null }],
    ['a delta that is not said to be encoded', { delta: sampleUpdate.delta }],
    ['an encoding of a free name', { delta: { ...third.delta, encoding: 'Doe' } }],
  ])('with %s is refused', (_, changes) => {
    const malformed = expect.objectContaining({ code: 'protocol/statement-malformed' });
    expect(() => decodeUpdateStatement(bytesOf({ ...third, ...changes }))).toThrow(malformed);
  });

  it('is the only one that says it', () => {
    const { delta } = third;
    const malformed = expect.objectContaining({ code: 'protocol/statement-malformed' });
    for (const other of [sampleUpdate, second]) {
      expect(() => decodeUpdateStatement(bytesOf({ ...other, delta }))).toThrow(malformed);
    }
  });
});

describe('a statement', () => {
  it('of a newer version is refused by its number, whatever else it says', () => {
    const fourth = { kind: 'fedvox/update/v4', mood: 'good' };
    const newer = 'is of version 4; this side reads up to version 3';
    for (const type of [4, 3, 1]) {
      expect(() => verify(typeOf(type), fourth)).toThrow(refused(newer));
    }
    expect(() => verify(typeOf(4), sampleUpdate)).toThrow(refused(newer));
    expect(() => decodeUpdateStatement(bytesOf(fourth))).toThrow(
      expect.objectContaining({ code: 'protocol/statement-too-new' }),
    );
  });

  it('in an envelope of another version than its own is refused', () => {
    const other = refused('it is of another version than its envelope says');
    expect(() => verify(typeOf(2), sampleUpdate)).toThrow(other);
    expect(() => verify(typeOf(1), second)).toThrow(other);
    expect(() => verify(typeOf(0), sampleUpdate)).toThrow(refused('the signed payload is of type'));
  });
});

describe('the second version of a receipt', () => {
  const coordinator = testSigner('coordinator');
  const { job, round, site, federation } = second;
  const payload = encodeStatement(second);
  const receipt: ReceiptStatementV2 = {
    kind: 'fedvox/receipt/v2',
    ...{ federation, job, round, site },
    statement: statementDigest(payload),
    acceptedAtMs: 1_800_000_000_000,
    ledgerIndex: 12,
  };
  const key = coordinator.certificate.publicKey;
  const sign = (content: ReceiptStatementV2) =>
    signReceipt(content, coordinator.key, coordinator.keyid);

  it('says where the coordinator’s log has the statement, and covers either version of it', () => {
    expect(verifyReceipt(sign(receipt), key, payload)).toEqual(receipt);
    const first = encodeStatement(sampleUpdate);
    const ofFirst = { ...receipt, statement: statementDigest(first), ledgerIndex: null };
    expect(verifyReceipt(sign(ofFirst), key, first)).toEqual(ofFirst);
  });

  it('is held to the statement as the first is', () => {
    expect(() => verifyReceipt(sign({ ...receipt, round: 4 }), key, payload)).toThrow(
      expect.objectContaining({ code: 'protocol/receipt-mismatch' }),
    );
  });
});
