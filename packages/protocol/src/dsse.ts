import { constants, type KeyObject, sign, verify } from 'node:crypto';
import type { Sha256 } from '@fedvox/base';
import { z } from 'zod';
import { fail } from './errors.js';

/**
 * Dead Simple Signing Envelopes, https://github.com/secure-systems-lab/dsse (version 1.0.0): a
 * signature over exactly these payload bytes and their type. Nothing is parsed before it is verified.
 */
export interface Envelope {
  readonly payload: Uint8Array;
  readonly payloadType: string;
  readonly signatures: readonly Signature[];
}

export interface Signature {
  /** A hint only: it is never what a decision rests on. */
  readonly keyid: string;
  readonly sig: Uint8Array;
}

/** An envelope holds one signature here; a few more are looked at, a thousand are an attack. */
const MAX_SIGNATURES = 4;

/** The bytes that are signed: the specification's pre-authentication encoding. */
export function pae(payloadType: string, payload: Uint8Array): Uint8Array {
  const type = Buffer.from(payloadType, 'utf8');
  return Buffer.concat([
    Buffer.from(`DSSEv1 ${type.byteLength} `),
    type,
    Buffer.from(` ${payload.byteLength} `),
    payload,
  ]);
}

/**
 * Signs with RSASSA-PSS (SHA-256, salt of 32 bytes) or ECDSA (SHA-256, raw r and s).
 * @throws FedvoxError `protocol/key-unsupported`
 */
export function signEnvelope(
  payloadType: string,
  payload: Uint8Array,
  key: KeyObject,
  keyid: Sha256,
): Envelope {
  const sig = sign('sha256', pae(payloadType, payload), { key, ...algorithmOf(key) });
  return { payload, payloadType, signatures: [{ keyid, sig }] };
}

/**
 * The payload, once one of the signatures holds for this key and the payload is of this type.
 * @throws FedvoxError `protocol/payload-type-wrong`, `protocol/signature-invalid`,
 *   `protocol/key-unsupported`
 */
export function verifyEnvelope(
  envelope: Envelope,
  publicKey: KeyObject,
  expectedPayloadType: string,
): Uint8Array {
  const { payloadType, payload, signatures } = envelope;
  if (payloadType !== expectedPayloadType) {
    const found = JSON.stringify(payloadType.slice(0, 100));
    throw fail('payload-type-wrong', { found, expected: expectedPayloadType });
  }
  const signed = pae(payloadType, payload);
  const key = { key: publicKey, ...algorithmOf(publicKey) };
  const holds = signatures
    .slice(0, MAX_SIGNATURES)
    .some(({ sig }) => verify('sha256', signed, key, sig));
  if (!holds) throw fail('signature-invalid', { payloadType });
  return payload;
}

const base64 = z.string().regex(/^[A-Za-z0-9+/_-]*={0,2}$/, 'must be base64');
const envelopeJsonSchema = z.strictObject({
  payload: base64,
  payloadType: z.string(),
  signatures: z
    .array(z.strictObject({ keyid: z.string().optional(), sig: base64 }))
    .min(1)
    .max(MAX_SIGNATURES),
});

/** The specification's recommended JSON form. */
export type EnvelopeJson = z.input<typeof envelopeJsonSchema>;

export function envelopeToJson({ payload, payloadType, signatures }: Envelope): EnvelopeJson {
  return {
    payload: Buffer.from(payload).toString('base64'),
    payloadType,
    signatures: signatures.map(({ keyid, sig }) => ({
      ...(keyid === '' ? {} : { keyid }),
      sig: Buffer.from(sig).toString('base64'),
    })),
  };
}

/** Reads the JSON form, in standard or URL-safe base64. @throws FedvoxError `protocol/envelope-malformed` */
export function envelopeFromJson(json: unknown): Envelope {
  const parsed = envelopeJsonSchema.safeParse(json);
  if (!parsed.success) {
    const issue = parsed.error.issues[0]!;
    const reason = `${issue.path.join('.') || '(top level)'}: ${issue.message}`;
    throw fail('envelope-malformed', { reason }, { cause: parsed.error });
  }
  const { payload, payloadType, signatures } = parsed.data;
  return {
    payload: Buffer.from(payload, 'base64'),
    payloadType,
    signatures: signatures.map(({ keyid = '', sig }) => ({
      keyid,
      sig: Buffer.from(sig, 'base64'),
    })),
  };
}

function algorithmOf(key: KeyObject) {
  switch (key.asymmetricKeyType) {
    case 'rsa':
      return { padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: 32 };
    case 'ec':
      return { dsaEncoding: 'ieee-p1363' as const };
    default:
      throw fail('key-unsupported', { kind: key.asymmetricKeyType ?? key.type });
  }
}
