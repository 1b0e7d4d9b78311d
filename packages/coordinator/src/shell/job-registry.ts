import type { Clock, Sha256 } from '@fedvox/base';
import type { JobFact } from '../core/facts.js';
import { type Step, step } from '../core/job-machine.js';
import {
  dueEffects,
  isOver,
  type JobEffect,
  type JobEvent,
  type JobState,
} from '../core/job-state.js';
import { fail } from '../errors.js';
import { SerialQueue } from '../serial-queue.js';
import type { NewJob, Store, StoredUpdate } from '../store/store.js';

export interface RegisteredJob {
  readonly name: string;
  readonly jobSha256: Sha256;
  readonly submittedAtMs: number;
  readonly state: JobState;
}

/** A job that just went on, after its new state had become durable. */
export interface JobProgress {
  readonly job: RegisteredJob;
  readonly facts: readonly JobFact[];
  readonly effects: readonly JobEffect[];
  readonly atMs: number;
}

/** An event to apply, with the update whose acceptance it is. */
export interface Advance {
  readonly event: JobEvent;
  readonly update?: StoredUpdate;
}

/**
 * Every job's present state. All changes pass through here one at a time: decided on the state as it
 * is, recorded in one transaction, and only then visible to anyone.
 */
export class JobRegistry {
  readonly #store: Store;
  readonly #clock: Clock;
  readonly #jobs: Map<string, RegisteredJob>;
  readonly #queue = new SerialQueue();
  readonly #listeners: ((progress: JobProgress) => void)[] = [];

  private constructor(store: Store, clock: Clock, jobs: Iterable<RegisteredJob>) {
    this.#store = store;
    this.#clock = clock;
    this.#jobs = new Map([...jobs].map((job) => [job.state.plan.jobId, job]));
  }

  static async load(store: Store, clock: Clock): Promise<JobRegistry> {
    return new JobRegistry(store, clock, await store.jobs());
  }

  /** Oldest first. */
  all(): readonly RegisteredJob[] {
    return [...this.#jobs.values()];
  }

  find(jobId: string): RegisteredJob | undefined {
    return this.#jobs.get(jobId);
  }

  /** @throws FedvoxError `coordinator/no-such-job` */
  get(jobId: string): RegisteredJob {
    const job = this.#jobs.get(jobId);
    if (job === undefined) throw fail('no-such-job', { job: jobId });
    return job;
  }

  /** Called after each change, in the order of the changes; must not throw. */
  onProgress(listener: (progress: JobProgress) => void): void {
    this.#listeners.push(listener);
  }

  add(job: NewJob): Promise<void> {
    return this.#queue.run(async () => {
      await this.#store.addJob(job);
      this.#enter(job, { ...job, effects: dueEffects(job.state) }, job.submittedAtMs);
    });
  }

  /**
   * Applies the event that `decide` chooses, looking at a state that nothing else can change
   * meanwhile; null chooses none. What `decide` throws changes nothing.
   * @throws FedvoxError `coordinator/no-such-job`
   */
  advance(
    jobId: string,
    decide: (job: RegisteredJob, nowMs: number) => Advance | null,
  ): Promise<JobState> {
    return this.#queue.run(async () => {
      const job = this.get(jobId);
      const nowMs = this.#clock.nowMs();
      const advance = decide(job, nowMs);
      if (advance === null) return job.state;
      const next = step(job.state, advance.event);
      if (next.facts.length === 0) return job.state;
      await this.#store.record({ ...next, ...updateOf(advance), atMs: nowMs });
      this.#enter(job, next, nowMs);
      return next.state;
    });
  }

  /**
   * Takes a job that is over off the list.
   * @throws FedvoxError `coordinator/no-such-job`, `coordinator/job-not-over`,
   *   `coordinator/confirmation-wrong`
   */
  delete(jobId: string, confirmedName: string): Promise<void> {
    return this.#queue.run(async () => {
      const { name, state } = this.get(jobId);
      if (!isOver(state)) throw fail('job-not-over', { job: jobId, status: state.status });
      if (confirmedName !== name) throw fail('confirmation-wrong', { job: jobId, name });
      await this.#store.deleteJob(jobId, this.#clock.nowMs());
      this.#jobs.delete(jobId);
    });
  }

  /** Resolves when every change asked for so far has been made or refused. */
  drained(): Promise<void> {
    return this.#queue.drained();
  }

  #enter(job: RegisteredJob, { state, facts, effects }: Step, atMs: number): void {
    const { name, jobSha256, submittedAtMs } = job;
    const next = { name, jobSha256, submittedAtMs, state };
    this.#jobs.set(state.plan.jobId, next);
    for (const listener of this.#listeners) listener({ job: next, facts, effects, atMs });
  }
}

function updateOf({ update }: Advance): { update?: StoredUpdate } {
  return update === undefined ? {} : { update };
}
