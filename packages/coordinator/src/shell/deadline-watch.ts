import type { Clock } from '@fedvox/base';
import type { Logger } from '@fedvox/base/system';
import { deadlineAtMs, type JobState, nextTickAtMs } from '../core/job-state.js';
import { invitedSites } from '../core/standing.js';
import type { JobRegistry } from './job-registry.js';

/**
 * Timers of Node overflow after 24.8 days and then fire at once; and a host that slept must notice
 * its deadlines soon after waking.
 */
const MAX_SLEEP_MS = 60_000;
/** After a tick that could not be recorded, e.g. on a full disk. */
const RETRY_MS = 1_000;

/** An open round that has its quorum is looked at so often at most, however many answers come in. */
const LOOK_MS = 1_000;

/** Ticks each job when a deadline or a grace is over, which is kept as an absolute time and so outlives a restart. */
export class DeadlineWatch {
  readonly #registry: JobRegistry;
  readonly #clock: Clock;
  readonly #log: Logger;
  readonly #isAway: (site: string) => boolean;
  readonly #stopping = new AbortController();
  /** When each job was ticked last. */
  readonly #tickedAtMs = new Map<string, number>();
  #interruption = new AbortController();

  /** @param isAway whether nothing was heard of a site lately */
  constructor(registry: JobRegistry, clock: Clock, log: Logger, isAway: (site: string) => boolean) {
    this.#registry = registry;
    this.#clock = clock;
    this.#log = log;
    this.#isAway = isAway;
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
      const dueAtMs = this.#dueAtMs(state);
      if (dueAtMs === null) continue;
      const remainingMs = dueAtMs - this.#clock.nowMs();
      const waitMs = remainingMs > 0 ? remainingMs : await this.#tick(state.plan.jobId);
      untilNextMs = Math.min(untilNextMs, waitMs);
    }
    return untilNextMs;
  }

  #dueAtMs(state: JobState): number | null {
    const [deadlineMs, nextMs] = [deadlineAtMs(state), nextTickAtMs(state)];
    if (deadlineMs === null || nextMs === null) return null;
    const lookedAtMs = this.#tickedAtMs.get(state.plan.jobId) ?? Number.NEGATIVE_INFINITY;
    return Math.min(deadlineMs, Math.max(nextMs, lookedAtMs + LOOK_MS));
  }

  /** How long to wait before looking at the job again. */
  async #tick(jobId: string): Promise<number> {
    this.#tickedAtMs.set(jobId, this.#clock.nowMs());
    try {
      const state = await this.#registry.advance(jobId, ({ state }, nowMs) => ({
        event: { kind: 'tick', nowMs, away: this.#away(state) },
      }));
      const untilDeadlineMs = (deadlineAtMs(state) ?? 0) - this.#clock.nowMs();
      return untilDeadlineMs > 0 ? Math.min(untilDeadlineMs, MAX_SLEEP_MS) : MAX_SLEEP_MS;
    } catch (error) {
      this.#log.error({ err: error, job: jobId }, 'a deadline could not be recorded; trying again');
      return RETRY_MS;
    }
  }

  #away(state: JobState): readonly string[] {
    return invitedSites(state).filter((site) => this.#isAway(site));
  }

  async #sleep(durationMs: number): Promise<void> {
    // Rejects only when interrupted, which is what the loop waits for.
    await this.#clock.sleep(durationMs, this.#interruption.signal).catch(() => undefined);
  }
}
