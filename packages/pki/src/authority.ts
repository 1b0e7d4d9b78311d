import { randomBytes, type X509Certificate } from 'node:crypto';
import { isIP } from 'node:net';
import type { FedvoxError } from '@fedvox/base';
import forge from 'node-forge';
import { serialOf, toX509 } from './certificate.js';
import { readCertificateRequest } from './certificate-request.js';
import { fail } from './errors.js';
import { signCertificate } from './forge-signing.js';
import { checkName, type Identity, identityUri } from './identity.js';
import { createKeyPair, readStrongPublicKey } from './keys.js';

const DAY_MS = 86_400_000;
/** Certificates begin a little in the past, for peers whose clocks run behind. */
const CLOCK_SKEW_MS = 5 * 60_000;
const DNS_NAME =
  /^(?=.{1,253}$)[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?)*$/i;

/** The consortium's root: whoever holds its key decides who belongs to the federation. */
export interface Authority {
  readonly certificatePem: string;
  readonly keyPem: string;
}

export interface AuthoritySpec {
  readonly federation: string;
  readonly validDays: number;
  readonly nowMs: number;
}

/** A new self-signed root (RFC 5280 section 4.2: CA, may sign certificates and revocation lists). */
export async function createAuthority(spec: AuthoritySpec): Promise<Authority> {
  checkName('federation', spec.federation);
  const { privateKeyPem, publicKeyPem } = await createKeyPair();
  const certificate = blankCertificate(publicKeyPem, spec.nowMs);
  certificate.validity.notAfter = new Date(spec.nowMs + spec.validDays * DAY_MS);
  // The unit keeps the root's name apart from every member's, even of a site named as its federation.
  const subject = [
    ...subjectOf(spec.federation, spec.federation),
    { name: 'organizationalUnitName', value: 'consortium root' },
  ];
  certificate.setSubject(subject);
  certificate.setIssuer(subject);
  certificate.setExtensions([
    { name: 'basicConstraints', critical: true, cA: true, pathLenConstraint: 0 },
    { name: 'keyUsage', critical: true, keyCertSign: true, cRLSign: true },
    { name: 'subjectKeyIdentifier' },
  ]);
  return { certificatePem: signCertificate(certificate, privateKeyPem), keyPem: privateKeyPem };
}

export interface IssueTerms {
  readonly authority: Authority;
  /** Whom the certificate is for; decided by the issuer, never read from the request. */
  readonly identity: Identity;
  /** DNS names and IP addresses of a server: the coordinator's. */
  readonly hosts?: readonly string[];
  /** Shortened where it would outlive the root. */
  readonly validDays: number;
  readonly nowMs: number;
}

/** The key to certify, by itself or inside the PKCS #10 request that its holder signed. */
export type IssueSpec = IssueTerms &
  ({ readonly publicKeyPem: string } | { readonly csrDer: Uint8Array });

/**
 * Issues a certificate under the consortium's root.
 * @throws FedvoxError `pki/name-invalid`, `pki/host-invalid`, `pki/key-unfit`,
 *   `pki/authority-expired`, and what `readCertificateRequest` throws
 */
export async function issueCertificate(
  spec: IssueSpec,
): Promise<{ certificatePem: string; serial: string }> {
  const { identity, nowMs } = spec;
  checkName('federation', identity.federation);
  checkName(identity.role, identity.name);
  const publicKeyPem =
    'csrDer' in spec ? readCertificateRequest(spec.csrDer).publicKeyPem : spec.publicKeyPem;
  readStrongPublicKey(publicKeyPem);

  const root = toX509(spec.authority.certificatePem);
  const certificate = blankCertificate(publicKeyPem, nowMs);
  certificate.validity.notAfter = new Date(endOfValidityMs(root, nowMs, spec.validDays));
  certificate.setSubject(subjectOf(identity.name, identity.federation));
  const issuer = forge.pki.certificateFromPem(spec.authority.certificatePem);
  certificate.setIssuer(issuer.subject.attributes);
  certificate.setExtensions([
    { name: 'basicConstraints', critical: true, cA: false },
    { name: 'keyUsage', critical: true, digitalSignature: true },
    { name: 'extKeyUsage', clientAuth: true, serverAuth: identity.role === 'coordinator' },
    { name: 'subjectKeyIdentifier' },
    {
      name: 'authorityKeyIdentifier',
      keyIdentifier: issuer.generateSubjectKeyIdentifier().getBytes(),
    },
    { name: 'subjectAltName', altNames: altNames(identity, spec.hosts ?? []) },
  ]);
  const certificatePem = signCertificate(certificate, spec.authority.keyPem);
  return { certificatePem, serial: serialOf(certificatePem) };
}

function blankCertificate(publicKeyPem: string, nowMs: number): forge.pki.Certificate {
  const certificate = forge.pki.createCertificate();
  certificate.publicKey = forge.pki.publicKeyFromPem(publicKeyPem);
  certificate.serialNumber = randomSerial();
  certificate.validity.notBefore = new Date(nowMs - CLOCK_SKEW_MS);
  return certificate;
}

/** 127 random bits; the leading 4 keeps the number positive and of one length (RFC 5280, 4.1.2.2). */
function randomSerial(): string {
  const bytes = randomBytes(16);
  bytes[0] = (bytes[0]! & 0x3f) | 0x40;
  return bytes.toString('hex');
}

function endOfValidityMs(root: X509Certificate, nowMs: number, validDays: number): number {
  const rootEndMs = Date.parse(root.validTo);
  if (rootEndMs <= nowMs) throw authorityEnded({ endsAtMs: rootEndMs });
  return Math.min(rootEndMs, nowMs + validDays * DAY_MS);
}

/** What a root that has ended means to whoever meets it. */
export function authorityEnded({ endsAtMs }: { readonly endsAtMs: number }): FedvoxError {
  return fail('authority-expired', { notAfter: new Date(endsAtMs).toISOString() });
}

function subjectOf(commonName: string, organization: string): forge.pki.CertificateField[] {
  return [
    { name: 'commonName', value: commonName },
    { name: 'organizationName', value: organization },
  ];
}

/** GeneralName tags of RFC 5280, section 4.2.1.6. */
const GENERAL_NAME = { dns: 2, uri: 6, ip: 7 } as const;

function altNames(identity: Identity, hosts: readonly string[]) {
  checkHosts(hosts);
  const uri = { type: GENERAL_NAME.uri, value: identityUri(identity) };
  return [
    uri,
    ...hosts.map((host) =>
      isIP(host) === 0
        ? { type: GENERAL_NAME.dns, value: host }
        : { type: GENERAL_NAME.ip, ip: host },
    ),
  ];
}

/** @throws FedvoxError `pki/host-invalid` */
export function checkHosts(hosts: readonly string[]): void {
  for (const host of hosts) {
    if (isIP(host) === 0 && !DNS_NAME.test(host)) {
      throw fail('host-invalid', { host: JSON.stringify(host) });
    }
  }
}
