import { createPublicKey, generateKeyPair, type KeyObject } from 'node:crypto';
import { promisify } from 'node:util';
import { fail } from './errors.js';

const RSA_BITS = 3072;
const MAX_RSA_BITS = 4096;
/** The one everybody uses. With an exponent of 1 anybody could sign; small ones have a history. */
const RSA_EXPONENT = 65_537n;

export interface KeyPair {
  /** PKCS #8. Never leaves the host that made it. */
  readonly privateKeyPem: string;
  /** SubjectPublicKeyInfo. */
  readonly publicKeyPem: string;
}

/** A new RSA-3072 key pair from the operating system's randomness; takes about a second. */
export async function createKeyPair(): Promise<KeyPair> {
  const { privateKey, publicKey } = await promisify(generateKeyPair)('rsa', {
    modulusLength: RSA_BITS,
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
    publicKeyEncoding: { type: 'spki', format: 'pem' },
  });
  return { privateKeyPem: privateKey, publicKeyPem: publicKey };
}

/** Reads a public key that may become part of a certificate. @throws FedvoxError `pki/key-unfit` */
export function readStrongPublicKey(publicKeyPem: string): KeyObject {
  const key = createPublicKey(publicKeyPem);
  const { modulusLength: bits = 0, publicExponent } = key.asymmetricKeyDetails ?? {};
  const isStrong = bits >= RSA_BITS && bits <= MAX_RSA_BITS && publicExponent === RSA_EXPONENT;
  if (key.asymmetricKeyType === 'rsa' && isStrong) return key;
  const size = bits > 0 ? ` of ${bits} bits, exponent ${publicExponent}` : '';
  throw fail('key-unfit', { found: `${key.asymmetricKeyType}${size}` });
}
