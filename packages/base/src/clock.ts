/** Time as a plain argument, so that cores stay pure and the simulator can bring its own. */
export interface Clock {
  /** Milliseconds since the Unix epoch. */
  nowMs(): number;
  /** Calls `action` once, `delayMs` from now. */
  after(delayMs: number, action: () => void, options?: TimerOptions): Timer;
  /** Calls `action` again and again, first `periodMs` from now. */
  every(periodMs: number, action: () => void, options?: TimerOptions): Timer;
  /** Resolves after `durationMs`; rejects with the signal's reason as soon as it aborts. */
  sleep(durationMs: number, signal?: AbortSignal): Promise<void>;
}

export interface Timer {
  /** Nothing is called from here on; does nothing where the timer is over. */
  cancel(): void;
}

export interface TimerOptions {
  /** Whether the program may end while this waits, as if it were not there. */
  readonly background?: boolean;
}

/** The whole of a clock, from the two things that make one. */
export function clockOn({ nowMs, after }: Pick<Clock, 'nowMs' | 'after'>): Clock {
  const every: Clock['every'] = (periodMs, action, options) => {
    const again = () => {
      timer = after(periodMs, again, options);
      action();
    };
    let timer = after(periodMs, again, options);
    return { cancel: () => timer.cancel() };
  };
  const sleep: Clock['sleep'] = (durationMs, signal) =>
    new Promise((resolve, reject) => {
      if (signal?.aborted) return reject(signal.reason);
      const onAbort = () => {
        timer.cancel();
        reject(signal?.reason);
      };
      const timer = after(durationMs, () => {
        signal?.removeEventListener('abort', onAbort);
        resolve();
      });
      signal?.addEventListener('abort', onAbort, { once: true });
    });
  return { nowMs, after, every, sleep };
}
