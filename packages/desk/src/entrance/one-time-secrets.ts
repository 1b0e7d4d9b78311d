import { createHash, randomBytes } from 'node:crypto';
import type { Clock } from '@fedvox/base';
import { LINK_LIFE_MS, MAX_LINKS, MAX_SESSIONS, SESSION_IDLE_MS } from '../limits.js';

const SECRET_BYTES = 32;
export const newSecret = () => randomBytes(SECRET_BYTES).toString('base64url');
/** Kept in a secret's place: a lookup by it tells nothing by how long it takes. */
export const digestOf = (secret: string) => createHash('sha256').update(secret).digest('base64');

/** Links that were printed and not used yet. Each opens the page once, for five minutes. */
export class OneTimeLinks {
  readonly #untilMs = new Map<string, number>();

  constructor(private readonly clock: Pick<Clock, 'nowMs'>) {}

  issue(): string {
    const secret = newSecret();
    this.#untilMs.set(digestOf(secret), this.clock.nowMs() + LINK_LIFE_MS);
    dropOldest(this.#untilMs, MAX_LINKS);
    return secret;
  }

  /** Whether it counts; it never does again. */
  use(secret: string): boolean {
    const digest = digestOf(secret);
    const untilMs = this.#untilMs.get(digest);
    this.#untilMs.delete(digest);
    return untilMs !== undefined && this.clock.nowMs() < untilMs;
  }
}

/** Browsers that came in by a link, by the secret in their cookie. */
export class Sessions {
  /** Silent longest first. */
  readonly #seenAtMs = new Map<string, number>();

  constructor(private readonly clock: Pick<Clock, 'nowMs'>) {}

  begin(): string {
    const secret = newSecret();
    this.#seenAtMs.set(digestOf(secret), this.clock.nowMs());
    dropOldest(this.#seenAtMs, MAX_SESSIONS);
    return secret;
  }

  isKnown(secret: string): boolean {
    const digest = digestOf(secret);
    const seenAtMs = this.#seenAtMs.get(digest);
    if (seenAtMs === undefined) return false;
    this.#seenAtMs.delete(digest);
    const nowMs = this.clock.nowMs();
    if (nowMs - seenAtMs >= SESSION_IDLE_MS) return false;
    this.#seenAtMs.set(digest, nowMs);
    return true;
  }
}

export function dropOldest(entries: Map<string, unknown>, most: number): void {
  for (const key of entries.keys()) {
    if (entries.size <= most) return;
    entries.delete(key);
  }
}
