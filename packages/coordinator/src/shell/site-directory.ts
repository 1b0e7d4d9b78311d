import { type Clock, FedvoxError, isFedvoxError, type Sha256 } from '@fedvox/base';
import {
  type Authority,
  type CertificateInfo,
  hashToken,
  issueCertificate,
  newToken,
  readCertificate,
  readCertificateRequest,
  toX509,
} from '@fedvox/pki';
import { refuse } from '@fedvox/protocol';
import { fail } from '../errors.js';
import { SerialQueue } from '../serial-queue.js';
import type { RevocationFile, SiteRevocation } from '../store/revocation-file.js';
import type { NewCertificate, Store, StoredCertificate } from '../store/store.js';
import { KnownCertificates } from './known-certificates.js';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
/** A site renews every few weeks; one whose clock is wrong would do so without end. */
const MIN_RENEWAL_INTERVAL_MS = HOUR_MS;
/** Where certificates are made to last less than a few hours, this part of their life instead. */
const RENEWAL_INTERVAL_FRACTION = 1 / 6;

export interface SiteDirectoryOptions {
  readonly federation: string;
  readonly store: Store;
  readonly clock: Clock;
  readonly authority: Authority;
  /** What no restored backup undoes. */
  readonly revocations: RevocationFile;
  /** Keys that no site may have: the coordinator's own and the root's. */
  readonly ownKeys: readonly Sha256[];
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

/** The last renewal of a site: asked for again with the same key, it is answered again. */
interface Renewal {
  readonly keyId: Sha256;
  readonly certificate: NewCertificate;
}

/** Who belongs to the federation: invitations, certificates and their revocation. */
export class SiteDirectory {
  readonly #options: SiteDirectoryOptions;
  readonly #known: KnownCertificates;
  readonly #renewals = new Map<string, Renewal>();
  readonly #listeners: ((site: string) => Promise<void>)[] = [];
  /** Enrolments and renewals one at a time: each looks at what the site has before it adds to it. */
  readonly #issuing = new SerialQueue();

  private constructor(options: SiteDirectoryOptions, known: KnownCertificates) {
    this.#options = options;
    this.#known = known;
  }

  /** Brings the database and the file of revocations to the same: either may be the older one. */
  static async load(options: SiteDirectoryOptions): Promise<SiteDirectory> {
    const { store, revocations } = options;
    const known = new KnownCertificates();
    for (const entry of revocations.entries) {
      if (!('site' in entry)) continue;
      const { site, serials, at } = entry;
      const atMs = Date.parse(at);
      await store.takeUpRevocation({ site, serials, atMs });
      known.revoke(site, serials, atMs);
    }
    for (const { serial, site, certificatePem, revokedAtMs } of await store.certificates()) {
      known.add(certificatePem);
      if (revokedAtMs === null || known.isRevoked(serial)) continue;
      const at = new Date(revokedAtMs).toISOString();
      await revocations.append({ site, serials: [serial], at, why: 'revoked' });
      known.revoke(site, [serial], revokedAtMs);
    }
    return new SiteDirectory(options, known);
  }

  /** Called, and waited for, as soon as certificates of a site stop counting. */
  onShutOut(listener: (site: string) => Promise<void>): void {
    this.#listeners.push(listener);
  }

  /** Asked on every call. @throws FedvoxError `refused/revoked`, `refused/unknown-certificate` */
  authorize(certificate: CertificateInfo): void {
    this.#known.authorize(certificate);
  }

  /**
   * A one-time token under which a site of this name may enrol; only its hash is kept. An earlier one
   * that is still open ends.
   * @param replace whether the site may have certificates that count; they are revoked when it enrols
   * @throws FedvoxError `coordinator/site-enrolled`
   */
  async invite(site: string, replace = false): Promise<{ token: string; expiresAtMs: number }> {
    const { store, clock, invitationDays } = this.#options;
    const createdAtMs = clock.nowMs();
    const live = await this.#liveCertificates(site);
    if (live.length > 0 && !replace) {
      const until = new Date(Math.max(...live.map((each) => this.#known.endsAtMs(each))))
        .toISOString()
        .slice(0, 10);
      throw fail('site-enrolled', { site, until });
    }
    const token = newToken();
    const expiresAtMs = createdAtMs + invitationDays * DAY_MS;
    const tokenHash = hashToken(token);
    await store.addInvitation({ tokenHash, site, createdAtMs, expiresAtMs, replaces: replace });
    return { token, expiresAtMs };
  }

  /**
   * Exchanges a token for a certificate chain in DER. The same token with the same key again gives
   * the same chain, for a site whose connection broke before the answer came.
   * @throws FedvoxError `refused/token-invalid`, `token-expired`, `token-replaced`, `token-used`,
   *   `already-enrolled`, `key-in-use`, `request-invalid`
   */
  enroll(token: string, requestDer: Uint8Array): Promise<readonly Uint8Array[]> {
    return this.#issuing.run(async () => {
      const { store, clock } = this.#options;
      const tokenHash = hashToken(token);
      const invitation = await store.invitation(tokenHash);
      if (invitation === undefined) throw refuse('token-invalid');
      const { site, spentOn, isReplaced, expiresAtMs, replaces } = invitation;
      if (spentOn === null && isReplaced) throw refuse('token-replaced');
      if (spentOn === null && expiresAtMs <= clock.nowMs()) throw refuse('token-expired');
      const keyId = keyOf(requestDer);
      if (spentOn !== null) return this.#again(spentOn, keyId);
      await this.#refuseForeignKey(site, keyId);
      const live = await this.#liveCertificates(site);
      if (live.length > 0 && !replaces) throw refuse('already-enrolled', { site });
      const certificate = await this.#issue(site, requestDer);
      const replaced = live.map(({ serial }) => serial);
      const isSpent = await store.spendInvitation(tokenHash, certificate, replaced);
      // A revocation ended it, or a newer one came, between the look and the leap.
      if (!isSpent) throw refuse('token-expired');
      this.#known.add(certificate.certificatePem);
      if (replaced.length > 0) {
        await this.#shutOut(site, replaced, certificate.issuedAtMs, 'replaced');
      }
      return this.#chain(certificate);
    });
  }

  /**
   * A new certificate for a site that has just shown its present one; the same again for the same key.
   * @throws FedvoxError `refused/revoked`, also where that happened this very moment,
   *   `refused/renewal-too-soon`, `refused/key-in-use`, `refused/request-invalid`
   */
  renew(caller: CertificateInfo, requestDer: Uint8Array): Promise<readonly Uint8Array[]> {
    return this.#issuing.run(async () => {
      const { serial, identity } = caller;
      const { name } = identity;
      this.authorize(caller);
      const keyId = keyOf(requestDer);
      const last = this.#recentRenewal(name);
      if (last?.keyId === keyId && !this.#known.isRevoked(last.certificate.serial)) {
        return this.#chain(last.certificate);
      }
      if (last !== undefined)
        throw refuse('renewal-too-soon', { minutes: this.#intervalMinutes() });
      await this.#refuseForeignKey(name, keyId);
      const certificate = await this.#issue(name, requestDer);
      const isKept = await this.#options.store.addRenewal(serial, certificate);
      if (!isKept) throw refuse('revoked', { name });
      this.#known.add(certificate.certificatePem);
      this.#renewals.set(name, { keyId, certificate });
      return this.#chain(certificate);
    });
  }

  /**
   * Shuts a site out: every certificate of the name, and every invitation that is still open.
   * @throws FedvoxError `coordinator/no-such-site`, `coordinator/revocation-not-kept`
   */
  async revoke(site: string): Promise<void> {
    const { store, clock } = this.#options;
    const revokedAtMs = clock.nowMs();
    const serials = await store.revokeSite(site, revokedAtMs);
    if (serials.length === 0) throw fail('no-such-site', { site });
    await this.#shutOut(site, serials, revokedAtMs, 'revoked');
  }

  /** Enrolments and renewals that wait, and the one under way. */
  get waiting(): number {
    return this.#issuing.length;
  }

  /** Sites that hold an invitation which they may still use. */
  expected(): Promise<readonly string[]> {
    const { store, clock } = this.#options;
    return store.openInvitations(clock.nowMs());
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
        ...certificates.map((certificate) => this.#known.endsAtMs(certificate)),
      ),
      revoked: certificates.every(({ revokedAtMs }) => revokedAtMs !== null),
    }));
  }

  /** First those who hold connections, then the file: a slow disk must not keep the door open. */
  async #shutOut(
    site: string,
    serials: readonly string[],
    atMs: number,
    why: SiteRevocation['why'],
  ): Promise<void> {
    const lately = serials.filter((serial) => !this.#known.isRevoked(serial));
    this.#known.revoke(site, serials, atMs);
    const ended = this.#listeners.map((listener) => listener(site));
    if (lately.length > 0) {
      const at = new Date(atMs).toISOString();
      await this.#options.revocations.append({ site, serials: lately, at, why });
    }
    await Promise.all(ended);
  }

  /** Neither revoked nor ended. */
  async #liveCertificates(site: string): Promise<readonly StoredCertificate[]> {
    const nowMs = this.#options.clock.nowMs();
    return (await this.#options.store.certificates()).filter(
      (certificate) =>
        certificate.site === site &&
        certificate.revokedAtMs === null &&
        this.#known.endsAtMs(certificate) > nowMs,
    );
  }

  /** A key belongs to one member: two names for one key are one hospital that counts twice. */
  async #refuseForeignKey(site: string, keyId: Sha256): Promise<void> {
    const { store, ownKeys } = this.#options;
    const holders = [
      ...(await store.holdersOf(keyId)),
      ...(ownKeys.includes(keyId) ? ['the consortium'] : []),
    ];
    const holder = holders.find((name) => name !== site);
    // The holder's name is for the log: whoever asks is not told it.
    if (holder === undefined) return;
    const { code, message, advice } = refuse('key-in-use');
    throw new FedvoxError(code, message, advice, { site, holder });
  }

  #recentRenewal(site: string): Renewal | undefined {
    const last = this.#renewals.get(site);
    if (last === undefined) return undefined;
    const sinceMs = this.#options.clock.nowMs() - last.certificate.issuedAtMs;
    return sinceMs < this.#renewalIntervalMs ? last : undefined;
  }

  get #renewalIntervalMs(): number {
    const lifeMs = this.#options.certificateDays * DAY_MS;
    return Math.min(MIN_RENEWAL_INTERVAL_MS, lifeMs * RENEWAL_INTERVAL_FRACTION);
  }

  #intervalMinutes(): number {
    return Math.ceil(this.#renewalIntervalMs / 60_000);
  }

  async #issue(site: string, csrDer: Uint8Array): Promise<NewCertificate> {
    const { authority, federation, clock, certificateDays: validDays } = this.#options;
    const nowMs = clock.nowMs();
    const identity = { federation, role: 'site', name: site } as const;
    const issued = await issueCertificate({ authority, csrDer, identity, validDays, nowMs });
    const { keyId } = readCertificate(issued.certificatePem);
    return { ...issued, site, keyId, issuedAtMs: nowMs };
  }

  #again(spentOn: StoredCertificate, keyId: Sha256): readonly Uint8Array[] {
    if (spentOn.keyId !== keyId || spentOn.revokedAtMs !== null) throw refuse('token-used');
    return this.#chain(spentOn);
  }

  #chain({ certificatePem }: Pick<NewCertificate, 'certificatePem'>): readonly Uint8Array[] {
    return [toX509(certificatePem).raw, toX509(this.#options.authority.certificatePem).raw];
  }
}

/** @throws FedvoxError `refused/request-invalid` */
function keyOf(requestDer: Uint8Array): Sha256 {
  try {
    return readCertificateRequest(requestDer).keyId;
  } catch (error) {
    if (!isFedvoxError(error)) throw error;
    throw refuse('request-invalid', { reason: error.message });
  }
}
