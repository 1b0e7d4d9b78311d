import type { TLSSocket } from 'node:tls';
import { isFedvoxError } from '@fedvox/base';
import { type CertificateInfo, readCertificate } from '@fedvox/pki';
import { refuse } from '@fedvox/protocol';

/**
 * Who is calling: TLS has verified the certificate against the consortium's root; this reads what it
 * is for. Only operators of this federation that are known here may go on.
 * @throws FedvoxError `refused/unauthenticated`, `refused/wrong-role`, and what `authorize` throws
 */
export function authenticateOperator(
  socket: TLSSocket,
  federation: string,
  authorize: (operator: CertificateInfo) => void,
): CertificateInfo {
  const certificate = socket.getPeerCertificate();
  if (certificate.raw === undefined) throw refuse('unauthenticated');
  const caller = read(certificate.raw);
  if (caller.identity.federation !== federation) throw refuse('unauthenticated');
  const { role } = caller.identity;
  if (role !== 'operator') throw refuse('wrong-role', { role, expected: 'operator' });
  authorize(caller);
  return caller;
}

function read(certificate: Uint8Array): CertificateInfo {
  try {
    return readCertificate(certificate);
  } catch (error) {
    if (isFedvoxError(error)) throw refuse('unauthenticated');
    throw error;
  }
}
