import { type Clock, FedvoxError, isFedvoxError, type Sha256 } from '@fedvox/base';
import {
  type Authority,
  type CertificateInfo,
  issueCertificate,
  keepOperatorCertificate,
  needsRenewal,
  type OperatingRole,
  readCertificate,
  readCertificateRequest,
  reissue,
  requestFromPem,
} from '@fedvox/pki';
import { refuse } from '@fedvox/protocol';
import { fail } from '../errors.js';
import type { OperatorStatus } from '../rest-contract.js';
import { SerialQueue } from '../serial-queue.js';
import type { RevocationFile } from '../store/revocation-file.js';
import type { Store } from '../store/store.js';

export interface OperatorDirectoryOptions {
  readonly federation: string;
  readonly store: Pick<Store, 'keepOperators' | 'operators' | 'revokeOperators' | 'holdersOf'>;
  readonly clock: Clock;
  readonly authority: Authority;
  /** What no restored backup undoes. */
  readonly revocations: RevocationFile;
  /** Where certificates lie of those who may operate. */
  readonly consortiumDir: string;
  /** Those that lie there as the coordinator starts, in PEM. */
  readonly certificates: readonly string[];
  /** Of the coordinator's own certificate: its host may ask for what the table lets it. */
  readonly ownKey: Sha256;
  readonly certificateDays: number;
}

interface Known extends CertificateInfo {
  readonly certificatePem: string;
  readonly knownSinceMs: number;
}

/**
 * Who may operate or observe: whose certificate lies in the consortium's folder when the coordinator
 * starts, or was admitted since. An earlier certificate counts to its end while the folder holds one for
 * the same key, name and role; a key that was revoked never counts again, whatever is issued for it.
 */
export class OperatorDirectory {
  readonly #options: OperatorDirectoryOptions;
  /** By serial; the fingerprint stands for every byte of the certificate. */
  readonly #known = new Map<string, Known>();
  readonly #revokedKeys: Set<Sha256>;
  readonly #lastSeenAtMs = new Map<string, number>();
  /** Each looks at who there is before it changes it. */
  readonly #changes = new SerialQueue();

  private constructor(
    options: OperatorDirectoryOptions,
    known: readonly Known[],
    revokedKeys: Iterable<Sha256>,
  ) {
    this.#options = options;
    this.#revokedKeys = new Set(revokedKeys);
    for (const each of known) this.#known.set(each.serial, each);
  }

  /** Brings the database and the file of revocations to the same: either may be the older one. */
  static async load(options: OperatorDirectoryOptions): Promise<OperatorDirectory> {
    const { store, clock, certificates, revocations } = options;
    const present = certificates.map((certificatePem) => knownOf(certificatePem, clock.nowMs()));
    await store.keepOperators(present.map(rowOf));
    for (const entry of revocations.entries) {
      if ('operator' in entry) await store.revokeOperators(entry.keys, Date.parse(entry.at));
    }
    const written = new Set(
      revocations.entries.flatMap((entry) => ('operator' in entry ? entry.keys : [])),
    );
    const rows = await store.operators();
    for (const { name, keyId, revokedAtMs } of rows) {
      if (revokedAtMs === null || written.has(keyId)) continue;
      await revocations.append(entryOf(name, [keyId], revokedAtMs));
      written.add(keyId);
    }
    const counting = new Set(present.map(holderOf));
    const known = rows
      .map(({ certificatePem, knownSinceMs }) => knownOf(certificatePem, knownSinceMs))
      .filter((each) => counting.has(holderOf(each)));
    return new OperatorDirectory(options, known, written);
  }

  /** Asked on every request. @throws FedvoxError `refused/revoked`, `refused/unknown-certificate` */
  authorize({ serial, fingerprint, keyId, identity }: CertificateInfo): void {
    const { name, role } = identity;
    // A renewed certificate of the coordinator is in its folder before the process knows of it.
    if (role === 'coordinator' && keyId === this.#options.ownKey) return;
    if (this.#revokedKeys.has(keyId)) throw refuse('revoked', { name });
    if (this.#known.get(serial)?.fingerprint !== fingerprint) {
      throw refuse('unknown-certificate', { name });
    }
    this.#lastSeenAtMs.set(name, this.#options.clock.nowMs());
  }

  /** Changes that wait, and the one under way. */
  get waiting(): number {
    return this.#changes.length;
  }

  /** By name; of each the certificate that lasts longest. */
  list(): readonly OperatorStatus[] {
    return [...this.#newest().values()].map((each) => ({
      name: each.identity.name,
      role: each.identity.role as OperatingRole,
      standing: this.#standing(each),
      knownSinceMs: each.knownSinceMs,
      certificateEndsAtMs: each.notAfterMs,
      lastSeenAtMs: this.#lastSeenAtMs.get(each.identity.name) ?? null,
    }));
  }

  /** For the watch: of everybody who counts, the certificate that lasts longest. */
  certificates(): readonly string[] {
    const counting = [...this.#newest().values()].filter((each) => this.#counts(each));
    return counting.map(({ certificatePem }) => certificatePem);
  }

  /**
   * Issues a certificate for a key that stays where it was made.
   * @returns the certificate in PEM
   * @throws FedvoxError `coordinator/operator-known`, `refused/key-in-use`, `refused/request-invalid`,
   *   `base/…` where the consortium's folder cannot be written
   */
  admit(name: string, role: OperatingRole, requestPem: string): Promise<string> {
    return this.#changes.run(async () => {
      const { store, authority, federation, clock, consortiumDir, certificateDays } = this.#options;
      const csrDer = requestOf(requestPem);
      const { keyId } = readCertificateRequest(csrDer);
      const present = this.#newest().get(name);
      if (present !== undefined && this.#counts(present)) throw fail('operator-known', { name });
      const holder = (await store.holdersOf(keyId)).find((each) => each !== name);
      const isTaken = holder !== undefined || keyId === this.#options.ownKey;
      if (isTaken || this.#revokedKeys.has(keyId)) throw keyInUse(name, holder);
      const nowMs = clock.nowMs();
      const identity = { federation, role, name };
      const terms = { authority, csrDer, identity, validDays: certificateDays, nowMs };
      const { certificatePem } = await issueCertificate(terms);
      // The folder first: it decides at the next start.
      await keepOperatorCertificate(consortiumDir, certificatePem);
      await this.#keep(certificatePem);
      return certificatePem;
    });
  }

  /** A new certificate for whoever has just shown one, and its key, once that is due; else the present one. */
  renew(caller: CertificateInfo): Promise<string> {
    return this.#changes.run(async () => {
      const { authority, clock, certificateDays: memberDays } = this.#options;
      this.authorize(caller);
      const newest = [...this.#known.values()]
        .filter((each) => holderOf(each) === holderOf(caller))
        .sort((a, b) => b.notAfterMs - a.notAfterMs)[0] as Known;
      const nowMs = clock.nowMs();
      if (!needsRenewal(newest.certificatePem, nowMs)) return newest.certificatePem;
      const certificatePem = await reissue(authority, newest.certificatePem, { nowMs, memberDays });
      await this.#keep(certificatePem);
      return certificatePem;
    });
  }

  /**
   * Shuts somebody out, at once and for good: every certificate of the name, by its key.
   * @throws FedvoxError `coordinator/no-such-operator`, `coordinator/last-operator`,
   *   `coordinator/revocation-not-kept`
   */
  revoke(name: string): Promise<void> {
    return this.#changes.run(async () => {
      const { store, clock, revocations } = this.#options;
      const present = this.#newest().get(name);
      if (present === undefined) throw fail('no-such-operator', { name });
      const others = [...this.#newest().values()].filter(
        (each) =>
          each.identity.name !== name && each.identity.role === 'operator' && this.#counts(each),
      );
      if (others.length === 0 && present.identity.role === 'operator') {
        throw fail('last-operator', { name });
      }
      const own = [...this.#known.values()].filter((each) => each.identity.name === name);
      const keys = [...new Set(own.map(({ keyId }) => keyId))];
      const lately = keys.filter((keyId) => !this.#revokedKeys.has(keyId));
      for (const keyId of lately) this.#revokedKeys.add(keyId);
      const nowMs = clock.nowMs();
      await store.revokeOperators(keys, nowMs);
      if (lately.length > 0) await revocations.append(entryOf(name, lately, nowMs));
    });
  }

  async #keep(certificatePem: string): Promise<void> {
    const known = knownOf(certificatePem, this.#options.clock.nowMs());
    await this.#options.store.keepOperators([rowOf(known)]);
    this.#known.set(known.serial, known);
  }

  /** By name; where a key was revoked and another admitted, the one that counts. */
  #newest(): ReadonlyMap<string, Known> {
    const newest = new Map<string, Known>();
    const rank = (each: Known) => [this.#revokedKeys.has(each.keyId) ? 0 : 1, each.notAfterMs];
    const sorted = [...this.#known.values()].sort((a, b) => {
      const [[revokedA = 0, endA = 0], [revokedB = 0, endB = 0]] = [rank(a), rank(b)];
      return revokedA - revokedB || endA - endB;
    });
    for (const each of sorted) newest.set(each.identity.name, each);
    return new Map([...newest].sort(([a], [b]) => (a < b ? -1 : 1)));
  }

  #counts(each: Known): boolean {
    return this.#standing(each) === 'counts';
  }

  #standing({ keyId, notAfterMs }: Known): OperatorStatus['standing'] {
    if (this.#revokedKeys.has(keyId)) return 'revoked';
    return notAfterMs <= this.#options.clock.nowMs() ? 'ended' : 'counts';
  }
}

const holderOf = ({ keyId, identity: { name, role } }: CertificateInfo) =>
  `${keyId} ${name} ${role}`;

function knownOf(certificatePem: string, knownSinceMs: number): Known {
  return { ...readCertificate(certificatePem), certificatePem, knownSinceMs };
}

function rowOf({ serial, identity, keyId, certificatePem, knownSinceMs }: Known) {
  return { serial, name: identity.name, keyId, certificatePem, knownSinceMs };
}

const entryOf = (operator: string, keys: readonly Sha256[], atMs: number) => ({
  operator,
  keys,
  at: new Date(atMs).toISOString(),
});

/** @throws FedvoxError `refused/request-invalid` */
function requestOf(pem: string): Uint8Array {
  try {
    const der = requestFromPem(pem);
    readCertificateRequest(der);
    return der;
  } catch (error) {
    if (!isFedvoxError(error)) throw error;
    throw refuse('request-invalid', { reason: error.message });
  }
}

/** The holder's name is for the log. */
function keyInUse(name: string, holder: string | undefined): FedvoxError {
  const { code, message, advice } = refuse('key-in-use');
  return new FedvoxError(code, message, advice, { name, holder: holder ?? 'revoked, or our own' });
}
