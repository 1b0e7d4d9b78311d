import { type Clock, isFedvoxError, type Sha256 } from '@fedvox/base';
import { type JobFact, orderedBy } from '../core/facts.js';
import { newEffects, step } from '../core/job-machine.js';
import {
  dueEffects,
  isOver,
  type JobEffect,
  type JobEvent,
  type JobState,
} from '../core/job-state.js';
import { fail } from '../errors.js';
import { SerialQueue } from '../serial-queue.js';
import { FIRST_REVISION, type NewJob, type Store, type StoredUpdate } from '../store/store.js';

export interface RegisteredJob {
  readonly name: string;
  readonly jobSha256: Sha256;
  readonly submittedAtMs: number;
  readonly state: JobState;
  /** Of what is stored of it: whoever records says which one was decided on. */
  readonly revision: number;
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

/** How often a change is decided anew that another coordinator on the same store was quicker than. */
const MAX_DECISIONS = 8;

/**
 * Every job's present state. All changes pass through here one at a time: decided on the state as it
 * is, recorded in one transaction, and only then visible to anyone. Where another coordinator on the
 * same store has changed the job meanwhile, it is read again and the change decided anew.
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
      const added = { ...job, revision: FIRST_REVISION };
      this.#enter(added, { facts: job.facts, effects: dueEffects(job.state) }, job.submittedAtMs);
    });
  }

  /**
   * Applies the event that `decide` chooses, looking at a state that nothing else can change
   * meanwhile; null chooses none. What `decide` throws changes nothing.
   * @throws FedvoxError `coordinator/no-such-job`, `coordinator/job-changed`
   */
  advance(
    jobId: string,
    decide: (job: RegisteredJob, nowMs: number) => Advance | null,
  ): Promise<JobState> {
    return this.#change(jobId, async (job) => {
      const nowMs = this.#clock.nowMs();
      const advance = decide(job, nowMs);
      if (advance === null) return job.state;
      const { state, facts, effects } = step(job.state, advance.event);
      if (facts.length === 0) return job.state;
      await this.#store.record({ state, seen: job, facts, ...updateOf(advance), atMs: nowMs });
      this.#enter({ ...job, state, revision: job.revision + 1 }, { facts, effects }, nowMs);
      return state;
    });
  }

  /**
   * Takes a job that is over off the list.
   * @param by the operator who ordered it
   * @throws FedvoxError `coordinator/no-such-job`, `coordinator/job-not-over`,
   *   `coordinator/confirmation-wrong`, `coordinator/job-changed`
   */
  delete(jobId: string, confirmedName: string, by?: string): Promise<void> {
    return this.#change(jobId, async (job) => {
      const { name, state, revision } = job;
      if (!isOver(state)) throw fail('job-not-over', { job: jobId, status: state.status });
      if (confirmedName !== name) throw fail('confirmation-wrong', { job: jobId, name });
      const atMs = this.#clock.nowMs();
      const facts = [{ kind: 'job-deleted', ...orderedBy(by) }] as const;
      await this.#store.deleteJob(jobId, revision, atMs, facts);
      this.#jobs.delete(jobId);
      for (const listener of this.#listeners) listener({ job, facts, effects: [], atMs });
    });
  }

  /** Changes that wait, and the one under way. */
  get waiting(): number {
    return this.#queue.length;
  }

  /** Resolves when every change asked for so far has been made or refused. */
  drained(): Promise<void> {
    return this.#queue.drained();
  }

  /** Makes a change to the job as it is stored, whoever else changes it meanwhile. */
  #change<T>(jobId: string, make: (job: RegisteredJob) => Promise<T>): Promise<T> {
    return this.#queue.run(async () => {
      for (let decisions = 1; ; decisions++) {
        try {
          return await make(this.get(jobId));
        } catch (error) {
          const isOvertaken = isFedvoxError(error, 'coordinator/job-changed');
          if (!isOvertaken || decisions === MAX_DECISIONS) throw error;
          await this.#readAgain(this.get(jobId));
        }
      }
    });
  }

  /** What the other coordinator's change asks for is carried out here too: it may not live to do it. */
  async #readAgain({ state: before }: RegisteredJob): Promise<void> {
    const { jobId } = before.plan;
    const stored = await this.#store.job(jobId);
    if (stored === undefined) {
      this.#jobs.delete(jobId);
      return;
    }
    const effects = newEffects(before, stored.state);
    this.#enter(stored, { facts: [], effects }, this.#clock.nowMs());
  }

  #enter(
    { name, jobSha256, submittedAtMs, state, revision }: RegisteredJob,
    progress: Pick<JobProgress, 'facts' | 'effects'>,
    atMs: number,
  ): void {
    const job = { name, jobSha256, submittedAtMs, state, revision };
    this.#jobs.set(state.plan.jobId, job);
    for (const listener of this.#listeners) listener({ job, ...progress, atMs });
  }
}

function updateOf({ update }: Advance): { update?: StoredUpdate } {
  return update === undefined ? {} : { update };
}
