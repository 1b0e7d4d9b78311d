import { createPublicKey } from 'node:crypto';
import { canonicalJson, sha256 } from '@fedvox/base';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { ReceiptStatement, UpdateStatement } from './statement-schemas.js';
import {
  decodeReceiptStatement,
  decodeUpdateStatement,
  encodeStatement,
  signReceipt,
  signUpdate,
  statementDigest,
  verifyReceipt,
} from './statements.js';
import { sampleUpdate, testSigner } from './testing/signers.js';

const hex = fc.stringMatching(/^[0-9a-f]{64}$/);
const name = fc.stringMatching(/^[a-z0-9]{1,20}$/);
const count = fc.nat(Number.MAX_SAFE_INTEGER);
const figure = fc.option(fc.double({ min: 0, max: 1, noNaN: true }), { nil: null });
const update: fc.Arbitrary<UpdateStatement> = fc.record({
  kind: fc.constant('fedvox/update/v1'),
  federation: name,
  job: name,
  jobDigest: hex,
  round: fc.nat(0xffff_ffff),
  site: name,
  baseModel: hex,
  delta: fc.option(fc.record({ sha256: hex, byteLength: count }), { nil: null }),
  weight: fc.record({
    value: fc.double({ min: 1e-9, max: 1e9, noNaN: true }),
    source: fc.constantFrom('examples', 'declared', 'uniform'),
  }),
  figures: fc.record({ dice: figure, auc: figure }),
  counter: count,
}) as fc.Arbitrary<UpdateStatement>;

const bytesOf = (text: string) => Buffer.from(text, 'utf8');
const sample = Buffer.from(encodeStatement(sampleUpdate)).toString();
const malformed = expect.objectContaining({ code: 'protocol/statement-malformed' });

describe('a statement', () => {
  it('survives its bytes, and its bytes survive it', () => {
    fc.assert(
      fc.property(update, (statement) => {
        // JSON has one zero; so has a statement once it was written.
        const expected = JSON.parse(canonicalJson(statement));
        const payload = encodeStatement(statement);
        expect(decodeUpdateStatement(payload)).toEqual(expected);
        expect(encodeStatement(decodeUpdateStatement(payload))).toEqual(payload);
      }),
    );
  });

  it('is named by the SHA-256 of exactly its payload', () => {
    expect(statementDigest(bytesOf(sample))).toBe(sha256(sample));
    expect(statementDigest(bytesOf(`${sample} `))).not.toBe(sha256(sample));
  });

  it('has one encoding: white space, another order or a number written otherwise is refused', () => {
    const { kind, ...rest } = JSON.parse(sample);
    for (const text of [
      `${sample}\n`,
      ` ${sample}`,
      `\ufeff${sample}`,
      JSON.stringify({ kind, ...rest }, null, 1),
      JSON.stringify({ kind, ...rest }),
      sample.replace('0.8125', '0.81250'),
      sample.replace('"round":3', '"round":3.0'),
      sample.replace('alice', '\\u0061lice'),
      sample.replace('{', '{"auc":1,'),
      sample.replace('"round":3', '"round":2,"round":3'),
    ]) {
      expect(text).not.toBe(sample);
      expect(() => decodeUpdateStatement(bytesOf(text))).toThrow(malformed);
    }
  });

  it.each([
    ['a member missing', { counter: undefined }],
    ['a member too many', { hospital: 'St. Elsewhere' }],
    ['a job id that is a path', { job: '../x' }],
    ['a digest in capitals', { baseModel: sha256('base').toUpperCase() }],
    ['a round that is no integer', { round: 1.5 }],
    ['a negative counter', { counter: -1 }],
    ['a counter that doubles cannot count', { counter: 2 ** 53 }],
    ['free text for a weight source', { weight: { value: 1, source: 'because' } }],
    ['a figure of another name', { figures: { dice: 1, auc: 1, patients: 3 } }],
    ['a receipt’s kind', { kind: 'fedvox/receipt/v1' }],
  ])('with %s is refused', (_, change) => {
    const bytes = bytesOf(canonicalJson({ ...sampleUpdate, ...change }));
    expect(() => decodeUpdateStatement(bytes)).toThrow(malformed);
  });

  it('with a number that is none is refused', () => {
    for (const number of ['NaN', 'Infinity', '1e999', '-1e999']) {
      const text = sample.replace('0.8125', number);
      expect(() => decodeUpdateStatement(bytesOf(text))).toThrow(malformed);
    }
  });

  it('of any other bytes is refused and never crashes the reader', () => {
    fc.assert(
      fc.property(fc.oneof(fc.uint8Array(), fc.json().map(bytesOf)), (bytes) => {
        expect(() => decodeUpdateStatement(bytes)).toThrow(malformed);
        expect(() => decodeReceiptStatement(bytes)).toThrow(malformed);
      }),
    );
    expect(() => decodeUpdateStatement(Buffer.alloc(20_000, ' '))).toThrow(malformed);
  });
});

describe('a receipt', () => {
  const alice = testSigner('alice');
  const coordinator = testSigner('coordinator');
  const payload = encodeStatement(sampleUpdate);
  const receipt: ReceiptStatement = {
    kind: 'fedvox/receipt/v1',
    federation: 'north',
    statement: statementDigest(payload),
    job: sampleUpdate.job,
    round: 3,
    site: 'alice',
    acceptedAtMs: 1_800_000_000_000,
  };

  const verify = (content: ReceiptStatement, signer = coordinator) => {
    const envelope = signReceipt(content, signer.key, signer.keyid);
    return verifyReceipt(envelope, coordinator.certificate.publicKey, payload);
  };

  it('is the coordinator’s word for this very statement', () => {
    expect(verify(receipt)).toEqual(receipt);
  });

  it('does not count when a site has signed it', () => {
    expect(() => verify(receipt, alice)).toThrow(
      expect.objectContaining({ code: 'protocol/signature-invalid' }),
    );
  });

  it('does not count for another statement, job, round, site or federation', () => {
    for (const change of [
      { statement: sha256('other') },
      { job: 'another' },
      { round: 4 },
      { site: 'bob' },
      { federation: 'south' },
    ]) {
      expect(() => verify({ ...receipt, ...change })).toThrow(
        expect.objectContaining({
          code: 'protocol/receipt-mismatch',
          details: { field: Object.keys(change)[0] },
        }),
      );
    }
  });

  it('cannot be an update that the coordinator’s key has signed', () => {
    const envelope = signUpdate(sampleUpdate, coordinator.key, coordinator.keyid);
    const key = createPublicKey(coordinator.key);
    expect(() => verifyReceipt(envelope, key, payload)).toThrow(
      expect.objectContaining({ code: 'protocol/payload-type-wrong' }),
    );
  });
});
