import { execFileSync, spawnSync } from 'node:child_process';
import { generateKeyPairSync } from 'node:crypto';
import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { createCertificateRequest, readCertificateRequest } from './certificate-request.js';
import { createKeyPair, type KeyPair } from './keys.js';

const hasOpenssl = spawnSync('openssl', ['version']).status === 0;
let keys: KeyPair;
let request: Uint8Array;

beforeAll(async () => {
  keys = await createKeyPair();
  request = await createCertificateRequest({ keyPem: keys.privateKeyPem, name: 'hospital-north' });
});

const unfitKey = (modulusLength: number, publicExponent: number) =>
  generateKeyPairSync('rsa', {
    modulusLength,
    publicExponent,
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
    publicKeyEncoding: { type: 'spki', format: 'pem' },
  }).privateKey;

describe('a certificate request', () => {
  it('gives back the public key that it was made with', () => {
    const { publicKeyPem } = readCertificateRequest(request);
    expect(publicKeyPem.replace(/\s/g, '')).toBe(keys.publicKeyPem.replace(/\s/g, ''));
  });

  it('does not contain the private key', () => {
    const secret = Buffer.from(keys.privateKeyPem.replace(/-----.*?-----|\s/g, ''), 'base64');
    expect(Buffer.from(request).includes(secret.subarray(-64))).toBe(false);
  });

  it('is refused, by name, with any one bit flipped', () => {
    fc.assert(
      fc.property(fc.nat(request.length - 1), fc.nat(7), (at, bit) => {
        const altered = Uint8Array.from(request);
        altered[at] = altered[at]! ^ (1 << bit);
        expect(() => readCertificateRequest(altered)).toThrow(
          expect.objectContaining({ code: expect.stringMatching(/^pki\/(request-|key-unfit)/) }),
        );
      }),
      { numRuns: 300, examples: [[475, 0]] },
    );
  });

  it('is refused with bytes missing, or appended', () => {
    const code = 'pki/request-unreadable';
    for (const bytes of [
      request.slice(0, -1),
      Buffer.concat([request, Buffer.of(0)]),
      new Uint8Array(0),
      Buffer.alloc(20_000),
    ]) {
      expect(() => readCertificateRequest(bytes)).toThrow(expect.objectContaining({ code }));
    }
  });

  it.each([
    { bits: 2048, exponent: 65_537 },
    { bits: 3072, exponent: 3 },
  ])('is refused for a key of $bits bits and exponent $exponent', async ({ bits, exponent }) => {
    const keyPem = unfitKey(bits, exponent);
    const unfit = await createCertificateRequest({ keyPem, name: 'a' });
    const code = 'pki/key-unfit';
    expect(() => readCertificateRequest(unfit)).toThrow(expect.objectContaining({ code }));
  });

  it.skipIf(!hasOpenssl)('is one that openssl verifies', () => {
    const report = execFileSync(
      'openssl',
      ['req', '-inform', 'DER', '-noout', '-text', '-verify'],
      {
        input: request,
        encoding: 'utf8',
        stdio: ['pipe', 'pipe', 'pipe'],
      },
    );
    expect(report).toContain('CN = hospital-north');
  });

  it.skipIf(!hasOpenssl)('may come from openssl', () => {
    const make = 'req -new -newkey rsa:3072 -nodes -keyout /dev/null -subj /CN=x -outform DER';
    const der = execFileSync('openssl', make.split(' '), { stdio: ['pipe', 'pipe', 'ignore'] });
    const options = ['req', '-inform', 'DER', '-pubkey', '-noout'];
    const expected = execFileSync('openssl', options, { input: der, encoding: 'utf8' });
    const { publicKeyPem } = readCertificateRequest(der);
    expect(publicKeyPem.replace(/\s/g, '')).toBe(expected.replace(/\s/g, ''));
  });
});
