import { canonicalJson } from '@fedvox/base';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Envelope, envelopeFromJson, envelopeToJson, signEnvelope } from './dsse.js';
import { isRefusal } from './refusals.js';
import type { UpdateStatement } from './statement-schemas.js';
import {
  encodeStatement,
  RECEIPT_PAYLOAD_TYPE,
  signUpdate,
  statementDigest,
  UPDATE_PAYLOAD_TYPE,
  UPDATE_PAYLOAD_TYPES,
} from './statements.js';
import { sampleUpdate, testSigner } from './testing/signers.js';
import { verifyUpdate } from './update-verification.js';

const alice = testSigner('alice');
const signed = signUpdate(sampleUpdate, alice.key, alice.keyid);

const refusal = (code: string) => expect.objectContaining({ code: `refused/${code}` });
const verify = (envelope: Envelope) => verifyUpdate(envelope, alice.certificate);
const verifySigned = (change: Partial<UpdateStatement>) =>
  verify(signUpdate({ ...sampleUpdate, ...change }, alice.key, alice.keyid));

describe('a signed update', () => {
  it('of the site that sends it is verified and named', () => {
    const payload = encodeStatement(sampleUpdate);
    expect(verify(signed)).toEqual({
      statement: sampleUpdate,
      digest: statementDigest(payload),
      payload,
    });
  });

  it('is refused with any one bit flipped, in payload, signature or type', () => {
    const flipped = (bytes: Uint8Array, at: number, bit: number) => {
      const copy = Buffer.from(bytes);
      copy[at % copy.length] = copy[at % copy.length]! ^ (1 << bit);
      return copy;
    };
    fc.assert(
      fc.property(fc.nat(1_000_000), fc.nat(7), (at, bit) => {
        const [signature] = signed.signatures;
        const sig = flipped(signature!.sig, at, bit);
        const payload = flipped(signed.payload, at, bit);
        const payloadType = flipped(Buffer.from(signed.payloadType), at, bit).toString('latin1');
        expect(() => verify({ ...signed, payload })).toThrow(refusal('bad-signature'));
        expect(() => verify({ ...signed, signatures: [{ ...signature!, sig }] })).toThrow(
          refusal('bad-signature'),
        );
        // Another version's type is one that this side knows.
        const isKnown = UPDATE_PAYLOAD_TYPES.includes(payloadType);
        const code = isKnown ? 'bad-signature' : 'request-invalid';
        expect(() => verify({ ...signed, payloadType })).toThrow(refusal(code));
      }),
      { numRuns: 200 },
    );
  });

  it('is refused with any one of its members changed after signing', () => {
    const other: UpdateStatement = {
      kind: 'fedvox/update/v1',
      federation: 'south',
      job: 'other',
      jobDigest: '0'.repeat(64),
      round: 4,
      site: 'bob',
      baseModel: '1'.repeat(64),
      delta: null,
      weight: { value: 43, source: 'declared' },
      figures: { dice: 0.9, auc: 0.9 },
      counter: 8,
    };
    for (const member of Object.keys(sampleUpdate) as (keyof UpdateStatement)[]) {
      if (member === 'kind') continue;
      const altered = { ...sampleUpdate, [member]: other[member] };
      const payload = encodeStatement(altered);
      expect(() => verify({ ...signed, payload })).toThrow(refusal('bad-signature'));
    }
  });

  it('signed with a key that is not the certificate’s is refused, whatever its key id says', () => {
    const { key } = testSigner('coordinator');
    expect(() => verify(signUpdate(sampleUpdate, key, alice.keyid))).toThrow(
      refusal('bad-signature'),
    );
  });

  it('that speaks for another site or federation is refused, although the signature holds', () => {
    expect(() => verifySigned({ site: 'bob' })).toThrow(refusal('wrong-site'));
    expect(() => verifySigned({ federation: 'south' })).toThrow(refusal('wrong-federation'));
  });

  it.each([
    { value: 0, source: 'declared' },
    { value: -1, source: 'declared' },
    { value: 1.1e9, source: 'declared' },
    { value: 2, source: 'uniform' },
    { value: 1.5, source: 'examples' },
  ] as const)('with the weight $value ($source) is refused', (weight) => {
    expect(() => verifySigned({ weight })).toThrow(refusal('weight-out-of-range'));
  });

  it.each([
    { value: 1, source: 'uniform' },
    { value: 0.25, source: 'declared' },
    { value: 1e9, source: 'examples' },
  ] as const)('with the weight $value ($source) is accepted', (weight) => {
    expect(verifySigned({ weight }).statement.weight).toEqual(weight);
  });

  it('with a figure outside 0 to 1 is refused, with a withheld one it is not', () => {
    expect(() => verifySigned({ figures: { dice: 1.01, auc: null } })).toThrow(
      refusal('figures-out-of-range'),
    );
    expect(() => verifySigned({ figures: { dice: null, auc: -0.01 } })).toThrow(
      refusal('figures-out-of-range'),
    );
    expect(() => verifySigned({ figures: { dice: null, auc: null } })).not.toThrow();
  });

  it('is kept only as an envelope that can be read back, with nothing in it but what was verified', () => {
    const [own] = signed.signatures;
    const signature = fc.oneof(
      fc.constant(own!),
      fc.record({
        keyid: fc.oneof(fc.constant(alice.keyid), fc.string()),
        sig: fc.oneof(fc.constant(own!.sig), fc.uint8Array({ maxLength: 600 })),
      }),
    );
    const envelope = fc.record({
      payload: fc.oneof(fc.constant(signed.payload), fc.uint8Array({ maxLength: 50 })),
      payloadType: fc.oneof(fc.constant(signed.payloadType), fc.string()),
      signatures: fc.oneof(fc.constant([own!]), fc.array(signature, { maxLength: 8 })),
    });
    let accepted = 0;
    fc.assert(
      fc.property(envelope, (candidate) => {
        try {
          verify(candidate);
        } catch (error) {
          expect(isRefusal(error)).toBe(true);
          return;
        }
        accepted++;
        const kept = envelopeFromJson(JSON.parse(JSON.stringify(envelopeToJson(candidate))));
        expect(kept).toEqual({
          payload: Buffer.from(signed.payload),
          payloadType: UPDATE_PAYLOAD_TYPE,
          signatures: [{ keyid: alice.keyid, sig: Buffer.from(own!.sig) }],
        });
        expect(verify(kept).statement).toEqual(sampleUpdate);
      }),
      { numRuns: 500 },
    );
    expect(accepted).toBeGreaterThan(0);
  });

  it('that is properly signed nonsense is refused as malformed', () => {
    const sign = (type: string, content: unknown) =>
      signEnvelope(type, Buffer.from(canonicalJson(content)), alice.key, alice.keyid);
    for (const envelope of [
      sign(UPDATE_PAYLOAD_TYPE, { ...sampleUpdate, patient: 'Doe^Jane' }),
      sign(UPDATE_PAYLOAD_TYPE, null),
      sign(RECEIPT_PAYLOAD_TYPE, sampleUpdate),
    ]) {
      expect(() => verify(envelope)).toThrow(refusal('request-invalid'));
    }
  });
});
