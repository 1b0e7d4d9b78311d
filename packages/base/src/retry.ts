import type { Clock } from './clock.js';

export interface RetryPolicy {
  readonly maxAttempts: number;
  readonly firstDelayMs: number;
  readonly maxDelayMs: number;
}

export interface RetryOptions {
  readonly clock: Clock;
  /** In [0, 1): spreads the delays, so that many clients do not come back at once. */
  readonly jitter: () => number;
  readonly signal?: AbortSignal;
  /** Whether trying again can help; the error is thrown at once where it cannot. */
  readonly isTransient: (error: unknown) => boolean;
  readonly onRetry?: (error: unknown, attempt: number, delayMs: number) => void;
}

/** Exponential back-off with full jitter; throws the last error when the attempts are spent. */
export async function retry<T>(
  policy: RetryPolicy,
  options: RetryOptions,
  action: (attempt: number) => Promise<T>,
): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await action(attempt);
    } catch (error) {
      if (attempt >= policy.maxAttempts || !options.isTransient(error)) throw error;
      const delayMs = retryDelayMs(policy, attempt, options.jitter());
      options.onRetry?.(error, attempt, delayMs);
      await options.clock.sleep(delayMs, options.signal);
    }
  }
}

/** Delay before the attempt that follows `attempt` (1-based): full jitter, at least a tenth. */
export function retryDelayMs(policy: RetryPolicy, attempt: number, jitter: number): number {
  const ceiling = Math.min(policy.maxDelayMs, policy.firstDelayMs * 2 ** (attempt - 1));
  return Math.round(ceiling * (0.1 + 0.9 * jitter));
}
