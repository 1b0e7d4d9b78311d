import type { Clock } from '@fedvox/base';

/** Wakes those whom a change concerns; each then looks for itself whether it did. */
export class ChangeSignal {
  readonly #clock: Clock;
  /** By the site that the change is to concern; under null, those who wait for any. */
  readonly #waiting = new Map<string | null, Set<() => void>>();
  #isClosed = false;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** @param sites whom the change concerns; everybody where left out */
  changed(sites?: Iterable<string>): void {
    const concerned = sites === undefined ? this.#waiting.keys() : [null, ...sites];
    for (const whom of [...concerned]) {
      for (const wake of [...(this.#waiting.get(whom) ?? [])]) wake();
    }
  }

  /** Whether there is nothing to wait for any more. */
  get isClosed(): boolean {
    return this.#isClosed;
  }

  /** Ends every wait, and every later one at once: whoever waits is not to find a store that is gone. */
  close(): void {
    this.#isClosed = true;
    this.changed();
  }

  /**
   * Resolves at the next change, after `timeoutMs`, or when `signal` aborts.
   * @param site only changes that concern it are waited for; any where left out
   */
  wait(timeoutMs: number, signal?: AbortSignal, site: string | null = null): Promise<void> {
    if (this.#isClosed || signal?.aborted) return Promise.resolve();
    return new Promise((resolve) => {
      const wake = () => {
        timer.cancel();
        signal?.removeEventListener('abort', wake);
        this.#leave(site, wake);
        resolve();
      };
      const timer = this.#clock.after(timeoutMs, wake);
      signal?.addEventListener('abort', wake, { once: true });
      this.#waiting.set(site, (this.#waiting.get(site) ?? new Set()).add(wake));
    });
  }

  #leave(site: string | null, wake: () => void): void {
    const others = this.#waiting.get(site);
    others?.delete(wake);
    if (others?.size === 0) this.#waiting.delete(site);
  }
}
