import type { Clock, Logger } from '@fedvox/base';
import { deadlineAtMs } from '../core/job-state.js';
import type { JobRegistry } from './job-registry.js';

/**
 * Timers of Node overflow after 24.8 days and then fire at once; and a host that slept must notice
 * its deadlines soon after waking.
 */
const MAX_SLEEP_MS = 60_000;
/** After a tick that could not be recorded, e.g. on a full disk. */
const RETRY_MS = 1_000;

/** Ticks each job at its deadline, which is kept as an absolute time and so outlives a restart. */
export class DeadlineWatch {
  readonly #registry: JobRegistry;
  readonly #clock: Clock;
  readonly #log: Logger;
  readonly #stopping = new AbortController();
  #interruption = new AbortController();

  constructor(registry: JobRegistry, clock: Clock, log: Logger) {
    this.#registry = registry;
    this.#clock = clock;
    this.#log = log;
  }

  /** Runs until `stop`. */
  async run(): Promise<void> {
    this.#registry.onProgress(() => this.#interruption.abort());
    while (!this.#stopping.signal.aborted) {
      this.#interruption = new AbortController();
      const untilNextMs = await this.#tickWhatIsDue();
      await this.#sleep(untilNextMs);
    }
  }

  stop(): void {
    this.#stopping.abort();
    this.#interruption.abort();
  }

  async #tickWhatIsDue(): Promise<number> {
    let untilNextMs = MAX_SLEEP_MS;
    for (const { state } of this.#registry.all()) {
      const deadline = deadlineAtMs(state);
      if (deadline === null) continue;
      const remainingMs = deadline - this.#clock.nowMs();
      const waitMs = remainingMs > 0 ? remainingMs : await this.#tick(state.plan.jobId);
      untilNextMs = Math.min(untilNextMs, waitMs);
    }
    return untilNextMs;
  }

  /** How long to wait before looking at the job again. */
  async #tick(jobId: string): Promise<number> {
    try {
      await this.#registry.advance(jobId, (_, nowMs) => ({ event: { kind: 'tick', nowMs } }));
      return MAX_SLEEP_MS;
    } catch (error) {
      this.#log.error({ err: error, job: jobId }, 'a deadline could not be recorded; trying again');
      return RETRY_MS;
    }
  }

  async #sleep(durationMs: number): Promise<void> {
    const signal = AbortSignal.any([this.#stopping.signal, this.#interruption.signal]);
    // Rejects only when interrupted, which is what the loop waits for.
    await this.#clock.sleep(durationMs, signal).catch(() => undefined);
  }
}
