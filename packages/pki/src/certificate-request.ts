import { createPublicKey } from 'node:crypto';
import { errorText, type Sha256 } from '@fedvox/base';
import forge from 'node-forge';
import { keyId } from './certificate.js';
import { fail } from './errors.js';
import { isCanonicalRequest, requestSignatureHolds, signRequest } from './forge-signing.js';
import { checkName } from './identity.js';
import { readStrongPublicKey } from './keys.js';

/** A site's request is under 2 KiB; anything much larger is not one. */
const MAX_REQUEST_BYTES = 16 * 1024;

export interface CertificateRequestSpec {
  /** PKCS #8; signs the request and is not part of it. */
  readonly keyPem: string;
  /** Becomes the subject's common name; the issuer decides on the identity by itself. */
  readonly name: string;
}

/** A PKCS #10 request (RFC 2986) in DER: what a site sends in place of its key. */
export async function createCertificateRequest(spec: CertificateRequestSpec): Promise<Uint8Array> {
  checkName('member', spec.name);
  const publicKeyPem = createPublicKey(spec.keyPem).export({ type: 'spki', format: 'pem' });
  const request = forge.pki.createCertificationRequest();
  request.publicKey = forge.pki.publicKeyFromPem(publicKeyPem as string);
  request.setSubject([{ name: 'commonName', value: spec.name }]);
  return signRequest(request, spec.keyPem);
}

/**
 * Reads a request and checks that whoever made it holds the key. Its names are not returned: nobody
 * chooses an identity by asking for it.
 * @throws FedvoxError `pki/request-unreadable`, `pki/request-signature-wrong`, `pki/key-unfit`
 */
export function readCertificateRequest(der: Uint8Array): { publicKeyPem: string; keyId: Sha256 } {
  if (der.byteLength > MAX_REQUEST_BYTES) {
    throw fail('request-unreadable', { reason: `${der.byteLength} bytes are too many` });
  }
  const { request, publicKeyPem } = parse(der);
  if (!isCanonicalRequest(request, der)) {
    throw fail('request-unreadable', { reason: 'its encoding is not canonical DER' });
  }
  if (!requestSignatureHolds(request, publicKeyPem)) throw fail('request-signature-wrong');
  return { publicKeyPem, keyId: keyId(readStrongPublicKey(publicKeyPem)) };
}

const PEM =
  /-----BEGIN CERTIFICATE REQUEST-----([A-Za-z0-9+/=\s]+)-----END CERTIFICATE REQUEST-----/;

/** For people to pass on. */
export function requestToPem(der: Uint8Array): string {
  const lines =
    Buffer.from(der)
      .toString('base64')
      .match(/.{1,64}/g) ?? [];
  return [
    '-----BEGIN CERTIFICATE REQUEST-----',
    ...lines,
    '-----END CERTIFICATE REQUEST-----',
    '',
  ].join('\n');
}

/** In DER. @throws FedvoxError `pki/request-unreadable` */
export function requestFromPem(pem: string): Uint8Array {
  const [, base64] = PEM.exec(pem.slice(0, 2 * MAX_REQUEST_BYTES)) ?? [];
  if (base64 === undefined)
    throw fail('request-unreadable', { reason: 'no PEM block of one in it' });
  return Buffer.from(base64, 'base64');
}

function parse(der: Uint8Array) {
  try {
    const asn1 = forge.asn1.fromDer(Buffer.from(der).toString('binary'));
    const request = forge.pki.certificationRequestFromAsn1(asn1);
    if (request.publicKey === null) throw new Error('no RSA public key in it');
    return { request, publicKeyPem: forge.pki.publicKeyToPem(request.publicKey) };
  } catch (cause) {
    throw fail('request-unreadable', { reason: errorText(cause) }, { cause });
  }
}
