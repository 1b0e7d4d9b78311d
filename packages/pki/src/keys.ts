import { createPublicKey, generateKeyPair, type KeyObject } from 'node:crypto';
import { promisify } from 'node:util';
import { fail } from './errors.js';

const RSA_BITS = 3072;
const MAX_RSA_BITS = 4096;

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

/** Reads a public key that may become part of a certificate. @throws FedvoxError `pki/key-too-weak` */
export function readStrongPublicKey(publicKeyPem: string): KeyObject {
  const key = createPublicKey(publicKeyPem);
  const bits = key.asymmetricKeyDetails?.modulusLength ?? 0;
  if (key.asymmetricKeyType !== 'rsa' || bits < RSA_BITS || bits > MAX_RSA_BITS) {
    const found = bits > 0 ? `${key.asymmetricKeyType} of ${bits} bits` : key.asymmetricKeyType;
    throw fail('key-too-weak', { found: found ?? 'of an unknown kind' });
  }
  return key;
}
