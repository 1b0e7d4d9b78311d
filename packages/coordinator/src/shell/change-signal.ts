/** Wakes everybody who waits for something to change; each then looks for itself whether it did. */
export class ChangeSignal {
  readonly #waiting = new Set<() => void>();

  changed(): void {
    for (const wake of [...this.#waiting]) wake();
  }

  /** Resolves at the next change, after `timeoutMs`, or when `signal` aborts. */
  wait(timeoutMs: number, signal?: AbortSignal): Promise<void> {
    if (signal?.aborted) return Promise.resolve();
    return new Promise((resolve) => {
      const wake = () => {
        clearTimeout(timer);
        signal?.removeEventListener('abort', wake);
        this.#waiting.delete(wake);
        resolve();
      };
      const timer = setTimeout(wake, timeoutMs);
      signal?.addEventListener('abort', wake, { once: true });
      this.#waiting.add(wake);
    });
  }
}
