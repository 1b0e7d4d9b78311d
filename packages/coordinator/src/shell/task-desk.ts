import type { Clock, Sha256 } from '@fedvox/base';
import {
  type Capability,
  type Decline,
  type GateReport,
  type Heartbeat,
  LONG_POLL_MS,
  lackingOf,
  refuse,
  type SiteState,
  type Task,
} from '@fedvox/protocol';
import { isMissed } from '../core/attendance.js';
import { isOver } from '../core/job-state.js';
import { isStillWanted } from '../core/overlap.js';
import { roundTakes } from '../core/round-machine.js';
import { isInvited } from '../core/standing.js';
import { taskOf } from '../core/tasks.js';
import type { ChangeSignal } from './change-signal.js';
import type { JobRegistry, RegisteredJob } from './job-registry.js';
import { SiteTurns } from './site-turns.js';

export interface Presence {
  readonly lastSeenAtMs: number;
  readonly state: SiteState;
}

export interface TaskDeskOptions {
  readonly registry: JobRegistry;
  readonly changes: ChangeSignal;
  readonly clock: Clock;
  /** When a site is asked again that could not do its work for a reason that passes. */
  readonly askAgainMs: number;
  /** How often the plateau of a job has cut the rate of a round; asked of jobs that have one. */
  readonly rateCutsOf: (job: RegisteredJob, round: number) => Promise<number>;
}

/** Gives sites their work and keeps track of when each was last heard of. */
export class TaskDesk {
  readonly #registry: JobRegistry;
  readonly #changes: ChangeSignal;
  readonly #clock: Clock;
  readonly #askAgainMs: number;
  readonly #rateCutsOf: TaskDeskOptions['rateCutsOf'];
  readonly #presence = new Map<string, Presence>();
  /** Of those that have dialled in since the start: of others nothing is known. */
  readonly #capabilities = new Map<string, readonly Capability[]>();
  readonly #turns = new SiteTurns();
  readonly #startedAtMs: number;
  /** The poll that each site has open; a newer one replaces it. */
  readonly #polls = new Map<string, AbortController>();
  #isClosed = false;

  constructor({ registry, changes, clock, askAgainMs, rateCutsOf }: TaskDeskOptions) {
    this.#rateCutsOf = rateCutsOf;
    this.#registry = registry;
    this.#changes = changes;
    this.#clock = clock;
    this.#askAgainMs = askAgainMs;
    this.#startedAtMs = clock.nowMs();
    registry.onProgress(({ job, facts }) => this.#turns.note(job.state, facts));
  }

  /** Every site that was heard of since the start. */
  presences(): ReadonlyMap<string, Presence> {
    return this.#presence;
  }

  presence(site: string): Presence | undefined {
    return this.#presence.get(site);
  }

  /** How many sites were heard of since then. */
  seenSince(sinceMs: number): number {
    const all = [...this.#presence.values()];
    return all.filter(({ lastSeenAtMs }) => lastSeenAtMs >= sinceMs).length;
  }

  /** Polls that sites hold open. */
  get waiting(): number {
    return this.#polls.size;
  }

  /** Whether nothing was heard of the site for so long, by a coordinator that ran all the while. */
  isAway(site: string, durationMs: number): boolean {
    const lastMs = this.#presence.get(site)?.lastSeenAtMs ?? this.#startedAtMs;
    return this.#clock.nowMs() - lastMs >= durationMs;
  }

  /** The site has dialled in: where it failed a gate before, it is asked again. */
  greeted(site: string, capabilities: readonly Capability[]): Promise<void> {
    this.#capabilities.set(site, capabilities);
    return this.#heard(site, 'idle', true);
  }

  seen(site: string, state: SiteState): Promise<void> {
    return this.#heard(site, state, false);
  }

  /** Waits for the site's next task; undefined when there is none for a while. */
  async next(site: string, state: SiteState, signal: AbortSignal): Promise<Task | undefined> {
    await this.seen(site, state);
    this.#polls.get(site)?.abort();
    const poll = new AbortController();
    this.#polls.set(site, poll);
    const end = () => poll.abort();
    if (signal.aborted || this.#isClosed) end();
    // Not `AbortSignal.any`: a desk that lives for months would keep a trace of every poll.
    signal.addEventListener('abort', end, { once: true });
    try {
      return await this.#await(site, poll.signal);
    } finally {
      signal.removeEventListener('abort', end);
      if (this.#polls.get(site) === poll) this.#polls.delete(site);
    }
  }

  /** Whether the work that the site is at is still wanted. Round 0 stands for the data gate. */
  async heartbeat(
    site: string,
    { job, round, state }: Heartbeat,
  ): Promise<{ stillWanted: boolean }> {
    await this.seen(site, state);
    const jobState = this.#registry.find(job)?.state;
    const task = jobState === undefined ? null : taskOf(jobState, site, this.#clock.nowMs());
    const isTask = task?.kind === 'check-data' ? round === 0 : task?.round === round;
    const isLate = jobState !== undefined && isStillWanted(jobState, site, round);
    return { stillWanted: isTask || isLate };
  }

  /** An answer that comes twice, or when it is not asked for any more, changes nothing. */
  async reportGate(site: string, { job, ...report }: GateReport): Promise<void> {
    this.#member(site, job);
    await this.#registry.advance(job, ({ state }, nowMs) => {
      if (taskOf(state, site, nowMs)?.kind !== 'check-data') return null;
      const askAgainAtMs = nowMs + this.#askAgainMs;
      return { event: { kind: 'gate-reported', site, ...report, askAgainAtMs, nowMs } };
    });
  }

  /** Of a round that is over, or that the site has answered, it changes nothing. */
  async decline(site: string, { job, round, reason }: Decline): Promise<void> {
    this.#member(site, job);
    await this.#registry.advance(job, ({ state }, nowMs) => {
      const { activity } = state;
      if (state.status !== 'running' || activity.kind !== 'round') return null;
      if (activity.round.number !== round || !roundTakes(activity.round, site)) return null;
      const answer = { kind: 'declined', reason, askAgainAtMs: nowMs + this.#askAgainMs } as const;
      return { event: { kind: 'site-answered', site, answer, nowMs } };
    });
  }

  /** Whether these bytes belong to a job that the site takes part in: its job or its base model. */
  isOffered(site: string, digest: Sha256): boolean {
    return this.#registry.all().some(({ state, jobSha256 }) => {
      if (isOver(state) || !isInvited(state, site)) return false;
      const { activity, plan } = state;
      if (digest === jobSha256) return true;
      if (activity.kind === 'gate') return digest === plan.initialModel;
      const { baseModel, earlierBases = [] } = activity.round;
      return digest === baseModel || earlierBases.includes(digest);
    });
  }

  /** Answers every open poll, and every later one, with "nothing now". */
  close(): void {
    this.#isClosed = true;
    for (const poll of this.#polls.values()) poll.abort();
  }

  async #await(site: string, signal: AbortSignal): Promise<Task | undefined> {
    const untilMs = this.#clock.nowMs() + LONG_POLL_MS;
    while (!signal.aborted) {
      await this.#leaveOutWhereLacking(site);
      const task = this.#nextTask(site);
      const remainingMs = untilMs - this.#clock.nowMs();
      if (task !== undefined) return this.#atItsRate(task);
      if (remainingMs <= 0) return undefined;
      await this.#changes.wait(Math.min(remainingMs, this.#askAgainMs), signal, site);
    }
    return undefined;
  }

  /** Jobs that the site's agent is not capable of are told so, and go on without it. */
  async #leaveOutWhereLacking(site: string): Promise<void> {
    const capabilities = this.#capabilities.get(site);
    if (capabilities === undefined) return;
    for (const { state } of this.#registry.all()) {
      const { jobId, needs = [] } = state.plan;
      const lacks = lackingOf(needs, capabilities);
      if (lacks.length === 0) continue;
      await this.#registry.advance(jobId, ({ state }, nowMs) =>
        taskOf(state, site, nowMs) === null
          ? null
          : { event: { kind: 'site-lacks', site, lacks, nowMs } },
      );
    }
  }

  /** Says of training by a plateau how often the rate was cut. */
  async #atItsRate(task: Task): Promise<Task> {
    const { work } = task;
    const job = this.#registry.find(task.job);
    const hasPlateau = job?.state.plan.needs?.includes('schedule-plateau') === true;
    if (work.kind !== 'train' || job === undefined || !hasPlateau) return task;
    const rateCuts = await this.#rateCutsOf(job, work.round);
    return rateCuts === 0 ? task : { ...task, work: { ...work, rateCuts } };
  }

  /** Gates first, for they take least; then one job after the other. */
  #nextTask(site: string): Task | undefined {
    const nowMs = this.#clock.nowMs();
    const jobs = this.#turns.inTurn(site, this.#registry.all());
    const due = jobs.flatMap(({ state, jobSha256 }): Task[] => {
      const work = taskOf(state, site, nowMs);
      if (work === null) return [];
      const leftOut = state.members.get(site)?.leftOut ?? null;
      const told = leftOut === null ? {} : { leftOut };
      return [{ job: state.plan.jobId, jobDigest: jobSha256, work, ...told }];
    });
    return due.find(({ work }) => work.kind === 'check-data') ?? due[0];
  }

  async #heard(site: string, state: SiteState, anew: boolean): Promise<void> {
    this.#presence.set(site, { lastSeenAtMs: this.#clock.nowMs(), state });
    const event = { kind: 'site-spoke', site, anew } as const;
    for (const { state: job } of this.#registry.all()) {
      if (isOver(job) || !(anew || isMissed(job, site))) continue;
      await this.#registry.advance(job.plan.jobId, () => ({ event }));
    }
  }

  /** @throws FedvoxError `refused/unknown-job`, `refused/not-invited` */
  #member(site: string, job: string): void {
    const known = this.#registry.find(job);
    if (known === undefined) throw refuse('unknown-job', { job });
    if (!isInvited(known.state, site)) throw refuse('not-invited', { job });
  }
}
