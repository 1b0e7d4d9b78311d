import { X509Certificate } from 'node:crypto';
import { isIP } from 'node:net';
import {
  authorityEnded,
  type Consortium,
  hostsOf,
  loadConsortium,
  readCertificate,
  termOf,
} from '@fedvox/pki';
import type { CoordinatorConfig } from './config.js';
import { fail } from './errors.js';

/**
 * The consortium that the coordinator serves with: whole, of its federation, for the host that sites dial,
 * and within its term.
 * @throws FedvoxError `coordinator/wrong-federation`, `coordinator/public-host-not-certified`,
 *   `coordinator/certificate-out-of-term`, `pki/authority-expired`, `pki/consortium-…`
 */
export async function loadOwnConsortium(
  config: CoordinatorConfig,
  nowMs: number,
): Promise<Consortium> {
  const { federation: expected, consortiumDir: folder, publicHost } = config;
  const consortium = await loadConsortium(folder);
  const { certificatePem } = consortium.coordinator;
  const found = readCertificate(certificatePem).identity.federation;
  if (found !== expected) throw fail('wrong-federation', { folder, found, expected });
  if (!isForHost(certificatePem, publicHost)) {
    const hosts = hostsOf(certificatePem).join(', ') || 'no host';
    throw fail('public-host-not-certified', { publicHost, folder, hosts });
  }
  refuseOutOfTerm(consortium, folder, nowMs);
  return consortium;
}

/** As every site's TLS will judge: a host that the certificate does not name is never trusted. */
function isForHost(certificatePem: string, host: string): boolean {
  const certificate = new X509Certificate(certificatePem);
  const match = isIP(host) === 0 ? certificate.checkHost(host) : certificate.checkIP(host);
  return match !== undefined;
}

/** Started out of its term, it would listen and be refused by every site. */
function refuseOutOfTerm(consortium: Consortium, folder: string, nowMs: number): void {
  const { authority, coordinator } = consortium;
  const root = termOf(authority.certificatePem, nowMs);
  if (root.state === 'ended') throw authorityEnded(root);
  const { state, beginsAtMs, endsAtMs } = termOf(coordinator.certificatePem, nowMs);
  if (state !== 'ended' && state !== 'not-begun') return;
  const [from, until, now] = [beginsAtMs, endsAtMs, nowMs].map((atMs) =>
    new Date(atMs).toISOString(),
  ) as [string, string, string];
  throw fail('certificate-out-of-term', { folder, from, until, now });
}
