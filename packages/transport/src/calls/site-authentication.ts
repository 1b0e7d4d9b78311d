import { keepRecent, type Sha256, sha256 } from '@fedvox/base';
import { type CertificateInfo, readCertificate } from '@fedvox/pki';
import { refuse } from '@fedvox/protocol';
import type { Peer } from './call-desk.js';

/** Certificates of callers that are remembered as read: reading one takes longer than many a call. */
const MAX_REMEMBERED = 4096;

/** Tells who calls by the certificate that was shown. */
export class SiteAuthentication {
  readonly #federation: string;
  /** By the digest of their bytes; the one asked for longest ago first. */
  readonly #read = new Map<Sha256, CertificateInfo>();

  constructor(federation: string) {
    this.#federation = federation;
  }

  /** @throws FedvoxError `refused/unauthenticated`, `refused/wrong-role` */
  authenticate({ certificate }: Peer, nowMs: number): CertificateInfo {
    if (certificate === undefined) throw refuse('unauthenticated');
    const caller = this.#infoOf(certificate);
    const { role } = caller.identity;
    if (caller.identity.federation !== this.#federation) throw refuse('unauthenticated');
    // It was looked at when the connection began; that may be weeks ago.
    if (caller.notAfterMs <= nowMs) throw refuse('unauthenticated');
    if (role !== 'site') throw refuse('wrong-role', { role, expected: 'site' });
    return caller;
  }

  #infoOf(certificate: { raw: Uint8Array }): CertificateInfo {
    const digest = sha256(certificate.raw);
    const caller = this.#read.get(digest) ?? readCallerCertificate(certificate);
    keepRecent(this.#read, digest, caller, MAX_REMEMBERED);
    return caller;
  }
}

function readCallerCertificate(certificate: { raw: Uint8Array }): CertificateInfo {
  try {
    return readCertificate(certificate);
  } catch {
    throw refuse('unauthenticated');
  }
}
