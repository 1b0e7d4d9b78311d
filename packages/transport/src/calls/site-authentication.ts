import { type CertificateInfo, readCertificate } from '@fedvox/pki';
import { refuse } from '@fedvox/protocol';
import type { Peer } from './call-desk.js';

/** @throws FedvoxError `refused/unauthenticated`, `refused/wrong-role` */
export function authenticateSite(
  { certificate }: Peer,
  federation: string,
  nowMs: number,
): CertificateInfo {
  if (certificate === undefined) throw refuse('unauthenticated');
  const caller = readCallerCertificate(certificate);
  const { role } = caller.identity;
  if (caller.identity.federation !== federation) throw refuse('unauthenticated');
  // It was looked at when the connection began; that may be weeks ago.
  if (caller.notAfterMs <= nowMs) throw refuse('unauthenticated');
  if (role !== 'site') throw refuse('wrong-role', { role, expected: 'site' });
  return caller;
}

function readCallerCertificate(certificate: { raw: Uint8Array }): CertificateInfo {
  try {
    return readCertificate(certificate);
  } catch {
    throw refuse('unauthenticated');
  }
}
