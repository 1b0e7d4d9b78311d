import type { Sha256 } from '@fedvox/base';
import { type CertificateInfo, RevocationList, readCertificate } from '@fedvox/pki';
import { refuse } from '@fedvox/protocol';

/**
 * The certificates that count: a site's is valid because it stands here and was not revoked, whatever
 * else the root may have signed. In memory, since it is asked on every call.
 */
export class KnownCertificates {
  /** By serial; the fingerprint stands for every byte of the certificate. */
  readonly #known = new Map<string, { readonly fingerprint: Sha256; readonly endsAtMs: number }>();
  #revocations = new RevocationList();

  add(certificatePem: string): void {
    const { serial, fingerprint, notAfterMs: endsAtMs } = readCertificate(certificatePem);
    this.#known.set(serial, { fingerprint, endsAtMs });
  }

  /** Until when a certificate lasts. To read one takes a millisecond, and lists ask it of every site. */
  endsAtMs({ serial, certificatePem }: { serial: string; certificatePem: string }): number {
    return this.#known.get(serial)?.endsAtMs ?? readCertificate(certificatePem).notAfterMs;
  }

  /** Stands also for certificates that are added later. */
  revoke(name: string, serials: readonly string[], revokedAtMs: number): void {
    for (const serial of serials) {
      this.#revocations = this.#revocations.with({ serial, name, revokedAtMs });
    }
  }

  isRevoked(serial: string): boolean {
    return this.#revocations.has(serial);
  }

  /** @throws FedvoxError `refused/revoked`, `refused/unknown-certificate` */
  authorize({ serial, fingerprint, identity: { name } }: CertificateInfo): void {
    if (this.isRevoked(serial)) throw refuse('revoked', { name });
    if (this.#known.get(serial)?.fingerprint !== fingerprint)
      throw refuse('unknown-certificate', { name });
  }
}
