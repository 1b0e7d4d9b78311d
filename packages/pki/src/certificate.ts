import { createHash, type KeyObject, X509Certificate } from 'node:crypto';
import { errorText, type Sha256 } from '@fedvox/base';
import { fail } from './errors.js';
import { type Identity, parseIdentityUri } from './identity.js';

/** PEM text, DER bytes, Node's own object, or what a TLS socket calls its peer's certificate. */
export type CertificateSource =
  | string
  | Uint8Array
  | X509Certificate
  | { readonly raw: Uint8Array };

/** A Fedvox certificate as its reader needs it. Reading proves nothing: TLS verified the chain. */
export interface CertificateInfo {
  readonly identity: Identity;
  /** Lower-case hexadecimal, as the issuer wrote it down. */
  readonly serial: string;
  /** SHA-256 of the DER bytes. */
  readonly fingerprint: Sha256;
  /** Names the key in signatures: SHA-256 of its SubjectPublicKeyInfo. */
  readonly keyId: Sha256;
  readonly publicKey: KeyObject;
  readonly notBeforeMs: number;
  readonly notAfterMs: number;
  readonly der: Uint8Array;
}

/** @throws FedvoxError `pki/not-a-certificate`, `pki/no-fedvox-identity` */
export function readCertificate(source: CertificateSource): CertificateInfo {
  const certificate = toX509(source);
  return {
    identity: identityOf(certificate),
    serial: serialOf(certificate),
    fingerprint: fingerprint(certificate),
    keyId: keyId(certificate.publicKey),
    publicKey: certificate.publicKey,
    notBeforeMs: Date.parse(certificate.validFrom),
    notAfterMs: Date.parse(certificate.validTo),
    der: certificate.raw,
  };
}

/** @throws FedvoxError `pki/not-a-certificate`, `pki/no-fedvox-identity` */
export function readIdentity(source: CertificateSource): Identity {
  return identityOf(toX509(source));
}

/** SHA-256 of the certificate's DER bytes. */
export function fingerprint(source: CertificateSource): Sha256 {
  return createHash('sha256').update(toX509(source).raw).digest('hex');
}

/** SHA-256 of the key's SubjectPublicKeyInfo in DER. */
export function keyId(publicKey: KeyObject): Sha256 {
  const spki = publicKey.export({ type: 'spki', format: 'der' });
  return createHash('sha256').update(spki).digest('hex');
}

/** The DNS names and IP addresses that the certificate is for, if it is a server's. */
export function hostsOf(source: CertificateSource): readonly string[] {
  return namesOf(toX509(source)).flatMap((entry) => {
    const host = /^(?:DNS|IP Address):(.+)$/.exec(entry)?.[1];
    return host === undefined ? [] : [host];
  });
}

/** The serial number in the form that revocation lists keep: lower-case hexadecimal. */
export function serialOf(source: CertificateSource): string {
  return toX509(source).serialNumber.toLowerCase();
}

/** @throws FedvoxError `pki/not-a-certificate` */
export function toX509(source: CertificateSource): X509Certificate {
  if (source instanceof X509Certificate) return source;
  const bytes = typeof source === 'object' && 'raw' in source ? source.raw : source;
  try {
    return new X509Certificate(bytes);
  } catch (cause) {
    throw fail('not-a-certificate', { reason: errorText(cause) }, { cause });
  }
}

/** The certificates of a PEM file in their order. @throws FedvoxError `pki/not-a-certificate` */
export function readPemChain(pem: string): readonly X509Certificate[] {
  const blocks = pem.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? [];
  if (blocks.length === 0) throw fail('not-a-certificate', { reason: 'no PEM block in it' });
  return blocks.map((block) => toX509(block));
}

/** Joins DER certificates into PEM text, in their order. @throws FedvoxError `pki/not-a-certificate` */
export function derChainToPem(chain: readonly Uint8Array[]): string {
  return chain.map((der) => toX509(der).toString()).join('');
}

function identityOf(certificate: X509Certificate): Identity {
  const subject = certificate.subject?.replaceAll('\n', ', ') || '(no subject)';
  const uris = namesOf(certificate).filter((entry) => entry.startsWith('URI:'));
  // One URI and no other: two would let two readers see two identities in one certificate.
  if (uris.length !== 1) {
    throw fail('no-fedvox-identity', { subject, reason: `${uris.length} URI names, not one` });
  }
  const uri = uris[0]!.slice('URI:'.length);
  const identity = parseIdentityUri(uri);
  if (identity === undefined) {
    throw fail('no-fedvox-identity', { subject, reason: `${JSON.stringify(uri)} is not one` });
  }
  return identity;
}

/** Subject alternative names as OpenSSL prints them; Node quotes any that could be taken for two. */
function namesOf(certificate: X509Certificate): readonly string[] {
  return certificate.subjectAltName?.split(', ') ?? [];
}
