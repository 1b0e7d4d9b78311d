import type { Clock } from '@fedvox/base';
import { LONG_POLL_MS, refuse } from '@fedvox/protocol';
import type { JobState } from '../core/job-state.js';
import type { ChangeSignal } from './change-signal.js';
import type { JobRegistry } from './job-registry.js';

/** Between two rounds lies an average: a call may wait for it as long as for a task. */
const MAX_WAIT_MS = LONG_POLL_MS;

export interface OpeningsOptions {
  readonly registry: JobRegistry;
  readonly changes: ChangeSignal;
  readonly clock: Clock;
}

/** Lets calls wait for a job's next round, where an update that comes between two is for it. */
export class Openings {
  readonly #options: OpeningsOptions;
  readonly #closing = new AbortController();

  constructor(options: OpeningsOptions) {
    this.#options = options;
  }

  /**
   * Resolves once the job need not be waited for.
   * @throws FedvoxError `refused/job-paused` where that is long in coming: the site keeps its update
   */
  async until(jobId: string, mustWait: (state: JobState) => boolean): Promise<void> {
    const { registry, changes, clock } = this.#options;
    const { signal } = this.#closing;
    const untilMs = clock.nowMs() + MAX_WAIT_MS;
    for (;;) {
      const state = registry.find(jobId)?.state;
      if (state === undefined || !mustWait(state)) return;
      const remainingMs = untilMs - clock.nowMs();
      if (remainingMs <= 0 || signal.aborted) throw refuse('job-paused', { job: jobId });
      await changes.wait(remainingMs, signal);
    }
  }

  /** Lets nobody wait any longer. */
  close(): void {
    this.#closing.abort();
  }
}
