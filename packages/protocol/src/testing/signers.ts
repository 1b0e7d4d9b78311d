import { createHash, generateKeyPairSync, type KeyObject } from 'node:crypto';
import { sha256 } from '@fedvox/base';
import type { UpdateStatement } from '../statement-schemas.js';
import type { Signer } from '../update-verification.js';

/** For this package's tests: somebody with a key, and what a certificate would say of it. */
export interface TestSigner {
  readonly key: KeyObject;
  readonly keyid: string;
  readonly certificate: Signer;
}

export function testSigner(name: string): TestSigner {
  const { privateKey: key, publicKey } = generateKeyPairSync('rsa', { modulusLength: 3072 });
  const spki = publicKey.export({ type: 'spki', format: 'der' });
  const keyid = createHash('sha256').update(spki).digest('hex');
  const identity = { federation: 'north', name };
  return { key, keyid, certificate: { identity, keyId: keyid, publicKey } };
}

export const sampleUpdate: UpdateStatement = {
  kind: 'fedvox/update/v1',
  federation: 'north',
  job: 'hippocampus-0123456789abcdef',
  jobDigest: sha256('job'),
  round: 3,
  site: 'alice',
  baseModel: sha256('base'),
  delta: { sha256: sha256('delta'), byteLength: 5 },
  weight: { value: 42, source: 'examples' },
  figures: { dice: 0.8125, auc: null },
  counter: 7,
};
