import type { Clock, Sha256 } from '@fedvox/base';
import { type CertificateInfo, readCertificate } from '@fedvox/pki';
import { refuse } from '@fedvox/protocol';
import type { Store } from '../store/store.js';

export interface OperatorDirectoryOptions {
  readonly store: Store;
  readonly clock: Clock;
  /** Those that lie in the consortium's folder, in PEM. */
  readonly certificates: readonly string[];
}

/**
 * Who may operate: the certificates of the consortium's folder, registered as the coordinator starts.
 * An operator's earlier certificate counts on to its end, as long as the folder holds one for the same
 * key; taking a key out of the folder shuts it out at the next start.
 */
export class OperatorDirectory {
  /** Fingerprints by serial. */
  readonly #known: ReadonlyMap<string, Sha256>;

  private constructor(known: ReadonlyMap<string, Sha256>) {
    this.#known = known;
  }

  static async load(options: OperatorDirectoryOptions): Promise<OperatorDirectory> {
    const { store, clock, certificates } = options;
    const present = certificates.map((certificatePem) => ({
      certificatePem,
      ...readCertificate(certificatePem),
    }));
    await store.keepOperators(
      present.map(({ certificatePem, serial, identity, keyId }) => ({
        serial,
        name: identity.name,
        keyId,
        certificatePem,
        knownSinceMs: clock.nowMs(),
      })),
    );
    const keys = new Set(present.map(({ keyId, identity }) => `${keyId} ${identity.name}`));
    const registered = (await store.operators()).filter(({ keyId, name }) =>
      keys.has(`${keyId} ${name}`),
    );
    return new OperatorDirectory(
      new Map(
        registered.map(({ serial, certificatePem }) => [
          serial,
          readCertificate(certificatePem).fingerprint,
        ]),
      ),
    );
  }

  /** Asked on every request. @throws FedvoxError `refused/unknown-certificate` */
  authorize({ serial, fingerprint, identity }: CertificateInfo): void {
    if (this.#known.get(serial) !== fingerprint) {
      throw refuse('unknown-certificate', { name: identity.name });
    }
  }
}
