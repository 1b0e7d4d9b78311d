import { retryDelayMs } from '@fedvox/base';
import type { Action } from '../core/machine-types.js';

/** How fast the agent goes about things when there is nothing better to go by. */
export interface Pace {
  /** Before the first attempt to dial again; grows with jitter to the next figure. */
  readonly firstRedialMs: number;
  readonly maxRedialMs: number;
  /** Before asking again when the task on offer is not for this site. */
  readonly abstainMs: number;
  /** An idle answer that came sooner was no long poll: the agent waits out the rest. */
  readonly minIdleMs: number;
}

export const DEFAULT_PACE: Pace = {
  firstRedialMs: 500,
  maxRedialMs: 30_000,
  abstainMs: 15_000,
  minIdleMs: 1_000,
};

export type Wait = Extract<Action, { kind: 'wait' }>;

/**
 * How long a wait lasts: bounded, and spread out, so that the sites do not all come back at once.
 * @param jitter in [0, 1)
 */
export function waitMs(wait: Wait, pace: Pace, jitter: number): number {
  // How often is for the machine to say: it never tires of dialling.
  const maxAttempts = Number.POSITIVE_INFINITY;
  const { firstRedialMs, maxRedialMs, abstainMs } = pace;
  if (wait.why === 'offline') {
    const policy = { maxAttempts, firstDelayMs: firstRedialMs, maxDelayMs: maxRedialMs };
    return retryDelayMs(policy, wait.attempt, jitter);
  }
  return retryDelayMs({ maxAttempts, firstDelayMs: abstainMs, maxDelayMs: abstainMs }, 1, jitter);
}
