import {
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  type KeyObject,
} from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  type Envelope,
  envelopeFromJson,
  envelopeToJson,
  pae,
  signEnvelope,
  verifyEnvelope,
} from './dsse.js';

/**
 * The test vector that the specification publishes, protocol.md of version 1.0.0:
 * ECDSA over P-256 and SHA-256, deterministic (RFC 6979), the signature raw r and s.
 */
const PUBLISHED = {
  x: 46950820868899156662930047687818585632848591499744589407958293238635476079160n,
  y: 5640078356564379163099075877009565129882514886557779369047442380624545832820n,
  payloadType: 'http://example.com/HelloWorld',
  payload: 'hello world',
  pae: 'DSSEv1 29 http://example.com/HelloWorld 11 hello world',
  envelope: {
    payload: 'aGVsbG8gd29ybGQ=',
    payloadType: 'http://example.com/HelloWorld',
    signatures: [
      {
        sig: 'A3JqsQGtVsJ2O2xqrI5IcnXip5GToJ3F+FnZ+O88SjtR6rDAajabZKciJTfUiHqJPcIAriEGAHTVeCUjW2JIZA==',
      },
    ],
  },
};

const base64url = (value: bigint) =>
  Buffer.from(value.toString(16).padStart(64, '0'), 'hex').toString('base64url');

const publishedKey = createPublicKey({
  format: 'jwk',
  key: { kty: 'EC', crv: 'P-256', x: base64url(PUBLISHED.x), y: base64url(PUBLISHED.y) },
});

const rsa = rsaKey();
const other = rsaKey();
const TYPE = 'application/vnd.example+json';

function rsaKey(): { publicKey: KeyObject; privateKey: KeyObject } {
  return generateKeyPairSync('rsa', { modulusLength: 2048 });
}

describe('the specification’s published test vector', () => {
  it('has our pre-authentication encoding', () => {
    const encoded = pae(PUBLISHED.payloadType, Buffer.from(PUBLISHED.payload));
    expect(Buffer.from(encoded).toString()).toBe(PUBLISHED.pae);
  });

  it('verifies, and gives its payload', () => {
    const envelope = envelopeFromJson(PUBLISHED.envelope);
    const payload = verifyEnvelope(envelope, publishedKey, PUBLISHED.payloadType);
    expect(Buffer.from(payload).toString()).toBe(PUBLISHED.payload);
  });

  it('is written as the specification writes it', () => {
    expect(envelopeToJson(envelopeFromJson(PUBLISHED.envelope))).toEqual(PUBLISHED.envelope);
  });

  it('may come in URL-safe base64', () => {
    const sig = PUBLISHED.envelope.signatures[0]!.sig.replaceAll('+', '-').replaceAll('/', '_');
    const envelope = envelopeFromJson({ ...PUBLISHED.envelope, signatures: [{ sig }] });
    expect(() => verifyEnvelope(envelope, publishedKey, PUBLISHED.payloadType)).not.toThrow();
  });
});

describe('the pre-authentication encoding', () => {
  it('counts bytes, not characters', () => {
    expect(Buffer.from(pae('é', Buffer.from('ü!'))).toString()).toBe('DSSEv1 2 é 3 ü!');
  });

  it('never makes the same bytes of two different pairs', () => {
    const text = fc.string({ unit: 'binary-ascii', maxLength: 8 });
    fc.assert(
      fc.property(text, text, text, text, (typeA, bodyA, typeB, bodyB) => {
        fc.pre(typeA !== typeB || bodyA !== bodyB);
        const a = Buffer.from(pae(typeA, Buffer.from(bodyA)));
        expect(a.equals(pae(typeB, Buffer.from(bodyB)))).toBe(false);
      }),
    );
  });
});

describe('an envelope', () => {
  const signed = signEnvelope(TYPE, Buffer.from('{"a":1}'), rsa.privateKey, 'k');
  const refused = (envelope: Envelope, key = rsa.publicKey, type = TYPE) =>
    expect(() => verifyEnvelope(envelope, key, type));

  it('holds for the key that signed it', () => {
    expect(Buffer.from(verifyEnvelope(signed, rsa.publicKey, TYPE)).toString()).toBe('{"a":1}');
  });

  it('does not hold for another key, whatever its key id says', () => {
    refused(signed, other.publicKey).toThrow(
      expect.objectContaining({ code: 'protocol/signature-invalid' }),
    );
  });

  it('does not count as anything but what it was signed as', () => {
    refused(signed, rsa.publicKey, 'application/vnd.other+json').toThrow(
      expect.objectContaining({ code: 'protocol/payload-type-wrong' }),
    );
    refused(
      { ...signed, payloadType: 'application/vnd.other+json' },
      rsa.publicKey,
      'application/vnd.other+json',
    ).toThrow(expect.objectContaining({ code: 'protocol/signature-invalid' }));
  });

  it('is refused with any one bit of payload or signature flipped', () => {
    const sig = signed.signatures[0]!.sig;
    const flip = (bytes: Uint8Array, at: number, bit: number) =>
      Buffer.from(bytes.map((byte, index) => (index === at ? byte ^ (1 << bit) : byte)));
    fc.assert(
      fc.property(fc.nat(6), fc.nat(sig.length - 1), fc.nat(7), (payloadAt, sigAt, bit) => {
        refused({ ...signed, payload: flip(signed.payload, payloadAt, bit) }).toThrow();
        refused({ ...signed, signatures: [{ keyid: 'k', sig: flip(sig, sigAt, bit) }] }).toThrow();
      }),
    );
  });

  it('without a signature, or with an empty or endless one, is refused', () => {
    for (const sig of [new Uint8Array(0), new Uint8Array(100_000)]) {
      refused({ ...signed, signatures: [{ keyid: 'k', sig }] }).toThrow(
        expect.objectContaining({ code: 'protocol/signature-invalid' }),
      );
    }
    refused({ ...signed, signatures: [] }).toThrow();
  });

  it('is verified by the good one among several signatures, of which few are tried', () => {
    const bad = { keyid: 'x', sig: new Uint8Array(256) };
    const good = signed.signatures[0]!;
    expect(() =>
      verifyEnvelope({ ...signed, signatures: [bad, good] }, rsa.publicKey, TYPE),
    ).not.toThrow();
    refused({ ...signed, signatures: [bad, bad, bad, bad, good] }).toThrow();
  });

  it('survives its JSON form', () => {
    fc.assert(
      fc.property(
        fc.uint8Array(),
        fc.string(),
        fc.uint8Array({ minLength: 1 }),
        (payload, type, sig) => {
          const envelope = { payload, payloadType: type, signatures: [{ keyid: 'k', sig }] };
          const back = envelopeFromJson(JSON.parse(JSON.stringify(envelopeToJson(envelope))));
          expect(Buffer.from(back.payload)).toEqual(Buffer.from(payload));
          expect(back.payloadType).toBe(type);
          expect(Buffer.from(back.signatures[0]!.sig)).toEqual(Buffer.from(sig));
        },
      ),
    );
  });

  it.each([
    ['nothing', null],
    ['a member too many', { ...PUBLISHED.envelope, extra: 1 }],
    ['no signatures', { ...PUBLISHED.envelope, signatures: [] }],
    ['something else than base64', { ...PUBLISHED.envelope, payload: 'hello world' }],
  ])('is not read from JSON that is %s', (_, json) => {
    expect(() => envelopeFromJson(json)).toThrow(
      expect.objectContaining({ code: 'protocol/envelope-malformed' }),
    );
  });

  it('is signed by keys that have an algorithm here and by no others', () => {
    const ec = createPrivateKey(
      generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey.export({
        type: 'pkcs8',
        format: 'pem',
      }),
    );
    const envelope = signEnvelope(TYPE, Buffer.from('x'), ec, 'k');
    expect(() => verifyEnvelope(envelope, createPublicKey(ec), TYPE)).not.toThrow();
    const ed = generateKeyPairSync('ed25519').privateKey;
    expect(() => signEnvelope(TYPE, Buffer.from('x'), ed, 'k')).toThrow(
      expect.objectContaining({ code: 'protocol/key-unsupported' }),
    );
  });
});
