import { type Clock, isFedvoxError } from '@fedvox/base';
import {
  type CertificateInfo,
  createCertificateRequest,
  derChainToPem,
  type Invitation,
  loadCredentials,
  loadOrCreatePendingKey,
  readCertificate,
  saveCredentials,
} from '@fedvox/pki';
import { SOCKETS, type Wire } from '@fedvox/transport';
import type { SiteConfig } from './config.js';
import { fail } from './errors.js';
import { EgressLedger } from './ledger/egress-ledger.js';
import { Announcer } from './line/announcer.js';
import { writeEnrolment } from './state/enrolment.js';

import { openStateFolder } from './state/open-state-folder.js';
import type { StateFolder } from './state/state-folder.js';

export interface Enrolled {
  readonly site: string;
  readonly federation: string;
  readonly federationAddress: string;
  /** Milliseconds since the Unix epoch. */
  readonly validUntilMs: number;
}

/**
 * Makes this site's key here, and exchanges the invitation's token for a certificate. Safe to repeat
 * after any crash: the key is on disk before anybody hears of it, and the token answers it again.
 * @throws FedvoxError `agent/site-mismatch`, `agent/already-enrolled`, `agent/already-running`,
 *   `agent/state-too-new`, `refused/token-…`, `protocol/…`
 */
export async function enroll(
  config: SiteConfig,
  invitation: Invitation,
  clock: Clock,
  wire: Pick<Wire, 'enroll'> = SOCKETS,
): Promise<Enrolled> {
  if (config.site !== invitation.site) throw mismatch(config, 'invitation', invitation.site);
  const { folder, lock } = await openStateFolder(config.stateDir, clock);
  try {
    await refuseIfEnrolled(folder, config.site);
    return await exchange(config, invitation, folder, clock, wire);
  } finally {
    await lock.release();
  }
}

async function exchange(
  config: SiteConfig,
  invitation: Invitation,
  folder: StateFolder,
  clock: Clock,
  wire: Pick<Wire, 'enroll'>,
): Promise<Enrolled> {
  const { site, federation, federationAddress, caCertificatePem: caPem, token } = invitation;
  const keyPem = await loadOrCreatePendingKey(folder.credentials);
  const certificateRequest = await createCertificateRequest({ keyPem, name: site });
  const ledger = EgressLedger.open(folder.egressLedger, clock);
  const announcer = new Announcer(ledger);
  try {
    const message = { kind: 'enrolment', token, request: certificateRequest } as const;
    const chain = await announcer.say(message, () =>
      wire.enroll({
        address: invitation.enrollmentAddress,
        federation,
        caPem,
        token,
        certificateRequest,
        onSent: announcer.onSent,
      }),
    );
    const certificateChainPem = derChainToPem(chain);
    const certificate = readCertificate(certificateChainPem);
    checkIdentity(config, certificate, federation);
    await writeEnrolment(folder.enrolment, { site, federation, federationAddress });
    await saveCredentials(folder.credentials, { keyPem, certificateChainPem, caPem });
    return { site, federation, federationAddress, validUntilMs: certificate.notAfterMs };
  } finally {
    ledger.close();
  }
}

function checkIdentity(
  config: SiteConfig,
  { identity }: CertificateInfo,
  federation: string,
): void {
  const { role, name } = identity;
  if (role !== 'site' || name !== config.site || identity.federation !== federation) {
    throw mismatch(config, 'certificate issued', `${role} ${name} of ${identity.federation}`);
  }
}

async function refuseIfEnrolled(folder: StateFolder, site: string): Promise<void> {
  try {
    await loadCredentials(folder.credentials);
  } catch (error) {
    if (isFedvoxError(error, 'pki/not-enrolled')) return;
    throw error;
  }
  throw fail('already-enrolled', { site, folder: folder.credentials });
}

function mismatch({ site }: SiteConfig, what: string, other: string) {
  return fail('site-mismatch', { site, what, other });
}
