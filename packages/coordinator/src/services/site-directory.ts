import { type Clock, isFedvoxError, type Sha256 } from '@fedvox/base';
import {
  type Authority,
  type CertificateInfo,
  hashToken,
  issueCertificate,
  newToken,
  RevocationList,
  readCertificate,
  toX509,
} from '@fedvox/pki';
import { refuse } from '@fedvox/protocol';
import { fail } from '../errors.js';
import type { NewCertificate, Store, StoredCertificate } from '../store/store.js';

const DAY_MS = 86_400_000;

export interface SiteDirectoryOptions {
  readonly federation: string;
  readonly store: Store;
  readonly clock: Clock;
  readonly authority: Authority;
  readonly invitationDays: number;
  readonly certificateDays: number;
}

export interface EnrolledSite {
  readonly site: string;
  readonly enrolledAtMs: number;
  /** End of the certificate that lasts longest. */
  readonly certificateEndsAtMs: number;
  readonly revoked: boolean;
}

/** Who belongs to the federation: invitations, certificates and their revocation. */
export class SiteDirectory {
  readonly #options: SiteDirectoryOptions;
  #revocations: RevocationList;

  private constructor(options: SiteDirectoryOptions, revocations: RevocationList) {
    this.#options = options;
    this.#revocations = revocations;
  }

  static async load(options: SiteDirectoryOptions): Promise<SiteDirectory> {
    const revocations = (await options.store.certificates()).flatMap(
      ({ serial, site, revokedAtMs }) =>
        revokedAtMs === null ? [] : [{ serial, name: site, revokedAtMs }],
    );
    return new SiteDirectory(options, new RevocationList(revocations));
  }

  /** Asked on every call. @throws FedvoxError `refused/revoked` */
  authorize({ serial, identity }: CertificateInfo): void {
    if (this.#revocations.has(serial)) throw refuse('revoked', { name: identity.name });
  }

  /** A one-time token under which a site of this name may enrol; only its hash is kept. */
  async invite(site: string): Promise<{ token: string; expiresAtMs: number }> {
    const { store, clock, invitationDays } = this.#options;
    const token = newToken();
    const expiresAtMs = clock.nowMs() + invitationDays * DAY_MS;
    await store.addInvitation({ tokenHash: hashToken(token), site, expiresAtMs });
    return { token, expiresAtMs };
  }

  /**
   * Exchanges a token for a certificate chain in DER. The same token with the same key again gives
   * the same chain, for a site whose connection broke before the answer came.
   * @throws FedvoxError `refused/token-invalid`, `token-expired`, `token-used`, `request-invalid`
   */
  async enroll(token: string, requestDer: Uint8Array): Promise<readonly Uint8Array[]> {
    const { store, clock } = this.#options;
    const tokenHash = hashToken(token);
    const invitation = await store.invitation(tokenHash);
    if (invitation === undefined) throw refuse('token-invalid');
    if (invitation.spentOn === null && invitation.expiresAtMs <= clock.nowMs()) {
      throw refuse('token-expired');
    }
    const certificate = await this.#issue(invitation.site, requestDer);
    if (invitation.spentOn !== null) return this.#again(invitation.spentOn, certificate.keyId);
    if (await store.spendInvitation(tokenHash, certificate)) return this.#chain(certificate);
    // Another call spent it, or a revocation ended it, between the look and the leap.
    const spentOn = (await store.invitation(tokenHash))?.spentOn ?? null;
    if (spentOn === null) throw refuse('token-expired');
    return this.#again(spentOn, certificate.keyId);
  }

  /**
   * A new certificate for a site that has just shown its present one.
   * @throws FedvoxError `refused/revoked`, also where that happened this very moment
   */
  async renew(
    { identity, serial }: CertificateInfo,
    requestDer: Uint8Array,
  ): Promise<readonly Uint8Array[]> {
    const certificate = await this.#issue(identity.name, requestDer);
    const isKept = await this.#options.store.addRenewal(serial, certificate);
    if (!isKept) throw refuse('revoked', { name: identity.name });
    return this.#chain(certificate);
  }

  /** Counts from the next call on. @throws FedvoxError `coordinator/no-such-site` */
  async revoke(site: string): Promise<void> {
    const { store, clock } = this.#options;
    const revokedAtMs = clock.nowMs();
    const serials = await store.revokeSite(site, revokedAtMs);
    if (serials.length === 0) throw fail('no-such-site', { site });
    for (const serial of serials) {
      this.#revocations = this.#revocations.with({ serial, name: site, revokedAtMs });
    }
  }

  /** Every site that ever enrolled, by name. */
  async sites(): Promise<readonly EnrolledSite[]> {
    const bySite = new Map<string, StoredCertificate[]>();
    for (const certificate of await this.#options.store.certificates()) {
      bySite.set(certificate.site, [...(bySite.get(certificate.site) ?? []), certificate]);
    }
    return [...bySite].map(([site, certificates]) => ({
      site,
      enrolledAtMs: Math.min(...certificates.map(({ issuedAtMs }) => issuedAtMs)),
      certificateEndsAtMs: Math.max(
        ...certificates.map(({ certificatePem }) => readCertificate(certificatePem).notAfterMs),
      ),
      revoked: certificates.every(({ revokedAtMs }) => revokedAtMs !== null),
    }));
  }

  async #issue(site: string, csrDer: Uint8Array): Promise<NewCertificate> {
    const { authority, federation, clock, certificateDays: validDays } = this.#options;
    const nowMs = clock.nowMs();
    try {
      const identity = { federation, role: 'site', name: site } as const;
      const issued = await issueCertificate({ authority, csrDer, identity, validDays, nowMs });
      const { keyId } = readCertificate(issued.certificatePem);
      return { ...issued, site, keyId, issuedAtMs: nowMs };
    } catch (error) {
      if (!isFedvoxError(error)) throw error;
      throw refuse('request-invalid', { reason: error.message });
    }
  }

  #again(spentOn: StoredCertificate, keyId: Sha256): readonly Uint8Array[] {
    if (spentOn.keyId !== keyId || spentOn.revokedAtMs !== null) throw refuse('token-used');
    return this.#chain(spentOn);
  }

  #chain({ certificatePem }: Pick<NewCertificate, 'certificatePem'>): readonly Uint8Array[] {
    return [toX509(certificatePem).raw, toX509(this.#options.authority.certificatePem).raw];
  }
}
