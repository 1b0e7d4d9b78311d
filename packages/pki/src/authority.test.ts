import { execFileSync, spawnSync } from 'node:child_process';
import { createPrivateKey, X509Certificate } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Authority, createAuthority, issueCertificate } from './authority.js';
import { readCertificate } from './certificate.js';
import { createCertificateRequest } from './certificate-request.js';
import type { Identity, Role } from './identity.js';
import { createKeyPair, type KeyPair } from './keys.js';

const DAY_MS = 86_400_000;
const nowMs = Date.now();
const hasOpenssl = spawnSync('openssl', ['version']).status === 0;

let authority: Authority;
let otherAuthority: Authority;
let keys: KeyPair;
let folder: string;

beforeAll(async () => {
  authority = await createAuthority({ federation: 'north', validDays: 100, nowMs });
  otherAuthority = await createAuthority({ federation: 'north', validDays: 100, nowMs });
  keys = await createKeyPair();
  folder = await mkdtemp(join(tmpdir(), 'fedvox-pki-'));
});
afterAll(() => rm(folder, { recursive: true }));

const identityOf = (role: Role, name: string = role): Identity => ({
  federation: 'north',
  role,
  name,
});

async function issue(role: Role, hosts: readonly string[] = [], validDays = 30) {
  const { publicKeyPem } = keys;
  const terms = { authority, identity: identityOf(role), hosts, validDays, nowMs };
  return issueCertificate({ ...terms, publicKeyPem });
}

describe('an issued certificate', () => {
  it('is signed by its authority and by no other of the same name', async () => {
    const certificate = new X509Certificate((await issue('site')).certificatePem);
    expect(certificate.checkIssued(new X509Certificate(authority.certificatePem))).toBe(true);
    expect(certificate.verify(new X509Certificate(authority.certificatePem).publicKey)).toBe(true);
    expect(certificate.verify(new X509Certificate(otherAuthority.certificatePem).publicKey)).toBe(
      false,
    );
  });

  it('carries the identity it was issued for, the key and a serial of its own', async () => {
    const first = await issue('site');
    const second = await issue('site');
    const info = readCertificate(first.certificatePem);
    expect(info.identity).toEqual(identityOf('site'));
    expect(info.serial).toBe(first.serial);
    expect(first.serial).toMatch(/^[4-7][0-9a-f]{31}$/);
    expect(second.serial).not.toBe(first.serial);
    expect(info.publicKey.equals(new X509Certificate(second.certificatePem).publicKey)).toBe(true);
  });

  it('is valid from five minutes ago for as long as asked', async () => {
    const { notBeforeMs, notAfterMs } = readCertificate((await issue('site')).certificatePem);
    expect(Math.abs(notBeforeMs - (nowMs - 5 * 60_000))).toBeLessThan(1_000);
    expect(Math.abs(notAfterMs - (nowMs + 30 * DAY_MS))).toBeLessThan(1_000);
  });

  it('never outlives its authority', async () => {
    const { notAfterMs } = readCertificate((await issue('site', [], 9_999)).certificatePem);
    expect(notAfterMs).toBe(Date.parse(new X509Certificate(authority.certificatePem).validTo));
  });

  it('names the hosts of a coordinator, DNS names and addresses apart', async () => {
    const { certificatePem } = await issue('coordinator', ['fed.example.org', '127.0.0.1', '::1']);
    const certificate = new X509Certificate(certificatePem);
    expect(certificate.checkHost('fed.example.org')).toBe('fed.example.org');
    expect(certificate.checkHost('other.example.org')).toBeUndefined();
    expect(certificate.checkIP('127.0.0.1')).toBe('127.0.0.1');
    expect(certificate.checkIP('::1')).toBe('::1');
  });

  it('takes nothing but the key from a certificate request', async () => {
    const csrDer = await createCertificateRequest({ keyPem: keys.privateKeyPem, name: 'mallory' });
    const terms = { authority, identity: identityOf('site', 'alice'), validDays: 1, nowMs };
    const { certificatePem } = await issueCertificate({ ...terms, csrDer });
    const certificate = new X509Certificate(certificatePem);
    expect(certificate.subject).toContain('CN=alice');
    expect(certificate.checkPrivateKey(createPrivateKey(keys.privateKeyPem))).toBe(true);
  });

  it.each([
    { hosts: ['two words'] },
    { hosts: ['fed.example.org:443'] },
    { hosts: ['a,URI:fedvox://north/coordinator/x'] },
    { hosts: [''] },
  ])('is refused for a host that is none: $hosts', async ({ hosts }) => {
    await expect(issue('coordinator', hosts)).rejects.toMatchObject({ code: 'pki/host-invalid' });
  });

  it('is refused for a name that could be read as something else', async () => {
    const identity = { federation: 'north', role: 'site', name: 'a/../coordinator' } as const;
    const spec = { authority, identity, validDays: 1, nowMs, publicKeyPem: keys.publicKeyPem };
    await expect(issueCertificate(spec)).rejects.toMatchObject({ code: 'pki/name-invalid' });
  });

  it('is refused once the authority has ended', async () => {
    const spec = { authority, identity: identityOf('site'), validDays: 1, ...keys };
    await expect(issueCertificate({ ...spec, nowMs: nowMs + 101 * DAY_MS })).rejects.toMatchObject({
      code: 'pki/authority-expired',
    });
  });
});

describe.skipIf(!hasOpenssl)('openssl verify', () => {
  const verify = async (pem: string, purpose: string, root: Authority = authority) => {
    await writeFile(join(folder, 'ca.pem'), root.certificatePem);
    await writeFile(join(folder, 'leaf.pem'), pem);
    const options = ['-x509_strict', '-CAfile', 'ca.pem', '-purpose', purpose];
    return spawnSync('openssl', ['verify', ...options, 'leaf.pem'], { cwd: folder }).status === 0;
  };

  it('accepts a site as a client and not as a server', async () => {
    const { certificatePem } = await issue('site');
    expect(await verify(certificatePem, 'sslclient')).toBe(true);
    expect(await verify(certificatePem, 'sslserver')).toBe(false);
    expect(await verify(certificatePem, 'sslclient', otherAuthority)).toBe(false);
  });

  it('accepts a coordinator as a server', async () => {
    const { certificatePem } = await issue('coordinator', ['fed.example.org']);
    expect(await verify(certificatePem, 'sslserver')).toBe(true);
  });

  it('reads the extensions that the design names, the critical ones as critical', async () => {
    const { certificatePem } = await issue('coordinator', ['fed.example.org', '10.0.0.7']);
    const text = execFileSync('openssl', ['x509', '-noout', '-text'], {
      input: certificatePem,
      encoding: 'utf8',
    });
    expect(text).toContain('Signature Algorithm: sha256WithRSAEncryption');
    expect(text).toContain('Public-Key: (3072 bit)');
    expect(text).toMatch(/Basic Constraints: critical\s+CA:FALSE/);
    expect(text).toMatch(/X509v3 Key Usage: critical\s+Digital Signature\n/);
    expect(text).toMatch(/TLS Web Client Authentication|TLS Web Server Authentication/);
    expect(text).toContain(
      'URI:fedvox://north/coordinator/coordinator, DNS:fed.example.org, IP Address:10.0.0.7',
    );
  });

  it('reads the root as an authority that may sign certificates and have none below it sign', () => {
    const text = execFileSync('openssl', ['x509', '-noout', '-text'], {
      input: authority.certificatePem,
      encoding: 'utf8',
    });
    expect(text).toMatch(/Basic Constraints: critical\s+CA:TRUE, pathlen:0/);
    expect(text).toMatch(/X509v3 Key Usage: critical\s+Certificate Sign, CRL Sign\n/);
  });
});
