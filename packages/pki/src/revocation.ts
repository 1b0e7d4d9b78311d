/** One certificate that its federation no longer accepts. */
export interface Revocation {
  /** Lower-case hexadecimal serial number. */
  readonly serial: string;
  /** Whose it was, for the people who read the list. */
  readonly name: string;
  readonly revokedAtMs: number;
}

/**
 * The certificates that are refused although nothing else is wrong with them. Pure: whoever keeps it
 * asks it on every call, so that a revocation counts from the next call on.
 */
export class RevocationList {
  readonly #bySerial: ReadonlyMap<string, Revocation>;

  constructor(revocations: Iterable<Revocation> = []) {
    this.#bySerial = new Map([...revocations].map((entry) => [canonical(entry.serial), entry]));
  }

  get entries(): readonly Revocation[] {
    return [...this.#bySerial.values()];
  }

  has(serial: string): boolean {
    return this.#bySerial.has(canonical(serial));
  }

  /** A new list; the first revocation of a certificate stands. */
  with(revocation: Revocation): RevocationList {
    if (this.has(revocation.serial)) return this;
    return new RevocationList([...this.#bySerial.values(), revocation]);
  }
}

/** OpenSSL prints serials in either case and with leading zeros; a revoked one must match in any. */
function canonical(serial: string): string {
  return serial
    .toLowerCase()
    .replaceAll(':', '')
    .replace(/^0+(?=.)/, '');
}
