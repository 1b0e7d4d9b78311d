import { type Clock, type RetryPolicy, retry } from '@fedvox/base';
import { isTransient } from './errors.js';

const RETRIES: RetryPolicy = { maxAttempts: 5, firstDelayMs: 500, maxDelayMs: 30_000 };

export interface RetryingOptions {
  readonly clock: Clock;
  /** In [0, 1). */
  readonly jitter: () => number;
  readonly retries?: RetryPolicy;
  /** For the log: what is tried again, and why. */
  readonly onRetry?: (error: unknown) => void;
}

/** Tries again, with back-off, what failed in a way that may pass. */
export function retrying<T>(
  options: RetryingOptions,
  signal: AbortSignal | undefined,
  action: () => Promise<T>,
): Promise<T> {
  const { clock, jitter, retries = RETRIES, onRetry } = options;
  return retry(
    retries,
    {
      clock,
      jitter,
      isTransient,
      ...(signal === undefined ? {} : { signal }),
      ...(onRetry === undefined ? {} : { onRetry }),
    },
    action,
  );
}
