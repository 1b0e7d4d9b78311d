import { sign, verify } from 'node:crypto';
import forge from 'node-forge';

/**
 * node-forge writes and reads ASN.1 here and nothing more. Keys never enter it: Node's OpenSSL makes
 * and checks every signature, in constant time and a hundred times faster.
 */
const SHA256_WITH_RSA = forge.pki.oids['sha256WithRSAEncryption']!;

// node-forge exports these three; its type declarations leave them out.
interface UntypedForgePki {
  getTBSCertificate(certificate: forge.pki.Certificate): forge.asn1.Asn1;
  getCertificationRequestInfo(request: forge.pki.CertificateSigningRequest): forge.asn1.Asn1;
  certificationRequestToAsn1(request: forge.pki.CertificateSigningRequest): forge.asn1.Asn1;
}
const untypedPki = forge.pki as unknown as UntypedForgePki;

/** Signs a certificate with its issuer's key and returns it in PEM. */
export function signCertificate(certificate: forge.pki.Certificate, issuerKeyPem: string): string {
  certificate.signatureOid = SHA256_WITH_RSA;
  certificate.siginfo.algorithmOid = SHA256_WITH_RSA;
  certificate.tbsCertificate = untypedPki.getTBSCertificate(certificate);
  certificate.signature = signDer(certificate.tbsCertificate, issuerKeyPem);
  return forge.pki.certificateToPem(certificate);
}

/** Signs a certificate request with the key it is about and returns it in DER. */
export function signRequest(
  request: forge.pki.CertificateSigningRequest,
  keyPem: string,
): Uint8Array {
  request.signatureOid = SHA256_WITH_RSA;
  request.siginfo.algorithmOid = SHA256_WITH_RSA;
  request.certificationRequestInfo = untypedPki.getCertificationRequestInfo(request);
  request.signature = signDer(request.certificationRequestInfo, keyPem);
  return derBytes(untypedPki.certificationRequestToAsn1(request));
}

/**
 * Whether these are exactly the bytes that we would write for this request. A signature does not
 * cover the few that name its algorithm; nobody else has a say in them either.
 */
export function isCanonicalRequest(
  request: forge.pki.CertificateSigningRequest,
  der: Uint8Array,
): boolean {
  return Buffer.from(der).equals(derBytes(untypedPki.certificationRequestToAsn1(request)));
}

/** Whether the request was signed by the key that it carries. */
export function requestSignatureHolds(
  request: forge.pki.CertificateSigningRequest,
  publicKeyPem: string,
): boolean {
  if (request.signatureOid !== SHA256_WITH_RSA) return false;
  if (request.certificationRequestInfo === null) return false;
  const signature = Buffer.from(request.signature, 'binary');
  return verify('sha256', derBytes(request.certificationRequestInfo), publicKeyPem, signature);
}

function derBytes(asn1: forge.asn1.Asn1): Uint8Array {
  return Buffer.from(forge.asn1.toDer(asn1).getBytes(), 'binary');
}

function signDer(asn1: forge.asn1.Asn1, keyPem: string): string {
  return sign('sha256', derBytes(asn1), keyPem).toString('binary');
}
