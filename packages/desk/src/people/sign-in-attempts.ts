import { type Clock, keepRecent } from '@fedvox/base';

/** Wrong passwords that cost nothing: people mistype. */
const FREE = 5;
const FIRST_WAIT_MS = 2_000;
/** However often somebody guesses at a name, its owner waits no longer than this. */
const LONGEST_WAIT_MS = 15 * 60_000;
/** After so long without another one, what was counted is forgotten. */
const REMEMBERED_MS = 24 * 60 * 60_000;
/** Names and addresses that are remembered; the one that failed longest ago makes room. */
const MAX_KEYS = 10_000;

interface Failures {
  readonly count: number;
  readonly lastAtMs: number;
}

/**
 * Wrong passwords, counted by the name that they were for and by the address that they came from: beyond a few, each makes the next one
 * wait twice as long.
 */
export class SignInAttempts {
  readonly #failures = new Map<string, Failures>();

  constructor(private readonly clock: Pick<Clock, 'nowMs'>) {}

  /** How long the next attempt has to wait; 0 where it may be made now. */
  waitMs(keys: readonly string[]): number {
    return Math.max(...keys.map((key) => this.#waitOf(key)));
  }

  failed(keys: readonly string[]): void {
    const lastAtMs = this.clock.nowMs();
    for (const key of keys) {
      const count = (this.#known(key)?.count ?? 0) + 1;
      keepRecent(this.#failures, key, { count, lastAtMs }, MAX_KEYS);
    }
  }

  succeeded(keys: readonly string[]): void {
    for (const key of keys) this.#failures.delete(key);
  }

  #waitOf(key: string): number {
    const known = this.#known(key);
    if (known === undefined || known.count < FREE) return 0;
    const wholeMs = Math.min(FIRST_WAIT_MS * 2 ** (known.count - FREE), LONGEST_WAIT_MS);
    return Math.max(0, known.lastAtMs + wholeMs - this.clock.nowMs());
  }

  #known(key: string): Failures | undefined {
    const known = this.#failures.get(key);
    if (known === undefined || this.clock.nowMs() - known.lastAtMs < REMEMBERED_MS) return known;
    this.#failures.delete(key);
    return undefined;
  }
}
