import { createHash } from 'node:crypto';
import forge from 'node-forge';
import { beforeAll, describe, expect, it } from 'vitest';
import { createAuthority, issueCertificate } from './authority.js';
import {
  derChainToPem,
  fingerprint,
  readCertificate,
  readIdentity,
  readPemChain,
  serialOf,
  toX509,
} from './certificate.js';
import { signCertificate } from './forge-signing.js';
import { createKeyPair, type KeyPair } from './keys.js';

let keys: KeyPair;
let pem: string;
let rootPem: string;

beforeAll(async () => {
  const nowMs = Date.now();
  keys = await createKeyPair();
  const authority = await createAuthority({ federation: 'north', validDays: 9, nowMs });
  rootPem = authority.certificatePem;
  const identity = { federation: 'north', role: 'site', name: 'alice' } as const;
  const terms = { authority, identity, validDays: 9, nowMs, publicKeyPem: keys.publicKeyPem };
  pem = (await issueCertificate(terms)).certificatePem;
});

/** A certificate with whatever alternative names a careless authority would put in. */
function certificateWith(altNames: object[]): string {
  const certificate = forge.pki.createCertificate();
  certificate.publicKey = forge.pki.publicKeyFromPem(keys.publicKeyPem);
  certificate.setSubject([{ name: 'commonName', value: 'someone' }]);
  certificate.setIssuer([{ name: 'commonName', value: 'someone' }]);
  if (altNames.length > 0) certificate.setExtensions([{ name: 'subjectAltName', altNames }]);
  return signCertificate(certificate, keys.privateKeyPem);
}

describe('reading a certificate', () => {
  it('gives the same from PEM, DER, Node’s object and a TLS peer', () => {
    const x509 = toX509(pem);
    const expected = readCertificate(pem);
    for (const source of [x509.raw, x509, { raw: x509.raw }]) {
      expect(readCertificate(source)).toEqual(expected);
    }
  });

  it('digests the DER bytes and the SubjectPublicKeyInfo', () => {
    const der = Buffer.from(pem.replace(/-----.*?-----|\s/g, ''), 'base64');
    const spki = Buffer.from(keys.publicKeyPem.replace(/-----.*?-----|\s/g, ''), 'base64');
    expect(fingerprint(pem)).toBe(createHash('sha256').update(der).digest('hex'));
    expect(readCertificate(pem).keyId).toBe(createHash('sha256').update(spki).digest('hex'));
    expect(serialOf(pem)).toMatch(/^[0-9a-f]+$/);
  });

  it('refuses what is no certificate', () => {
    const code = 'pki/not-a-certificate';
    for (const source of ['', keys.publicKeyPem, Buffer.from('nonsense'), { raw: Buffer.of() }]) {
      expect(() => readIdentity(source)).toThrow(expect.objectContaining({ code }));
    }
  });

  it('refuses a certificate with no identity, two of them, or one that is none', () => {
    const uri = (value: string) => ({ type: 6, value });
    const code = 'pki/no-fedvox-identity';
    for (const altNames of [
      [],
      [{ type: 2, value: 'fedvox.example.org' }],
      [uri('fedvox://north/site/alice'), uri('fedvox://north/operator/alice')],
      [uri('fedvox://north/root/alice')],
      [{ type: 2, value: 'a, URI:fedvox://north/operator/alice' }],
    ]) {
      const source = certificateWith(altNames);
      expect(() => readIdentity(source)).toThrow(expect.objectContaining({ code }));
    }
  });

  it('splits and joins chains in their order', () => {
    const chain = readPemChain(`${pem}\n# a comment\n${rootPem}`);
    expect(chain.map((one) => one.fingerprint256)).toEqual(
      [pem, rootPem].map((one) => toX509(one).fingerprint256),
    );
    const joined = derChainToPem(chain.map((one) => one.raw));
    expect(readPemChain(joined)).toHaveLength(2);
    expect(() => readPemChain('')).toThrow(/no PEM block/);
  });
});
