import type { Clock, Sha256 } from '@fedvox/base';
import {
  type AgentState,
  type GateOutcome,
  type Heartbeat,
  LONG_POLL_MS,
  refuse,
  type Task,
} from '@fedvox/protocol';
import { isOver } from '../core/job-state.js';
import { taskOf } from '../core/tasks.js';
import type { ChangeSignal } from './change-signal.js';
import type { JobRegistry } from './job-registry.js';

export interface Presence {
  readonly lastSeenAtMs: number;
  readonly state: AgentState;
}

/** Gives sites their work and keeps track of when each was last heard of. */
export class TaskDesk {
  readonly #registry: JobRegistry;
  readonly #changes: ChangeSignal;
  readonly #clock: Clock;
  readonly #presence = new Map<string, Presence>();
  /** The poll that each site has open; a newer one replaces it. */
  readonly #polls = new Map<string, AbortController>();
  readonly #closing = new AbortController();

  constructor(registry: JobRegistry, changes: ChangeSignal, clock: Clock) {
    this.#registry = registry;
    this.#changes = changes;
    this.#clock = clock;
  }

  presence(site: string): Presence | undefined {
    return this.#presence.get(site);
  }

  /** How many sites were heard of since then. */
  seenSince(sinceMs: number): number {
    const all = [...this.#presence.values()];
    return all.filter(({ lastSeenAtMs }) => lastSeenAtMs >= sinceMs).length;
  }

  seen(site: string, state: AgentState): void {
    this.#presence.set(site, { lastSeenAtMs: this.#clock.nowMs(), state });
  }

  /** Waits for the site's next task; undefined when there is none for a while. */
  async next(site: string, state: AgentState, signal: AbortSignal): Promise<Task | undefined> {
    this.seen(site, state);
    this.#polls.get(site)?.abort();
    const poll = new AbortController();
    this.#polls.set(site, poll);
    try {
      return await this.#await(site, AbortSignal.any([signal, poll.signal, this.#closing.signal]));
    } finally {
      if (this.#polls.get(site) === poll) this.#polls.delete(site);
    }
  }

  /** Whether the work that the site is at is still wanted. Round 0 stands for the data gate. */
  heartbeat(site: string, { job, round, state }: Heartbeat): { stillWanted: boolean } {
    this.seen(site, state);
    const jobState = this.#registry.find(job)?.state;
    const task = jobState === undefined ? null : taskOf(jobState, site);
    if (task === null) return { stillWanted: false };
    return { stillWanted: task.kind === 'check-data' ? round === 0 : task.round === round };
  }

  /** An answer that comes twice, or after the gate closed, changes nothing. */
  async reportGate(site: string, job: string, outcome: GateOutcome): Promise<void> {
    const known = this.#registry.find(job);
    if (known === undefined) throw refuse('unknown-job', { job });
    if (!known.state.plan.invitedSites.includes(site)) throw refuse('not-invited', { job });
    await this.#registry.advance(job, ({ state }, nowMs) =>
      taskOf(state, site)?.kind === 'check-data'
        ? { event: { kind: 'gate-reported', site, outcome, nowMs } }
        : null,
    );
  }

  /** Whether these bytes belong to a job that the site takes part in: its job or its base model. */
  isOffered(site: string, digest: Sha256): boolean {
    return this.#registry.all().some(({ state, jobSha256 }) => {
      if (isOver(state) || !state.plan.invitedSites.includes(site)) return false;
      const { activity, plan } = state;
      const model = activity.kind === 'gate' ? plan.initialModel : activity.round.baseModel;
      return digest === jobSha256 || digest === model;
    });
  }

  /** Answers every open poll, and every later one, with "nothing now". */
  close(): void {
    this.#closing.abort();
  }

  async #await(site: string, signal: AbortSignal): Promise<Task | undefined> {
    const untilMs = this.#clock.nowMs() + LONG_POLL_MS;
    while (!signal.aborted) {
      const task = this.#oldestTask(site);
      const remainingMs = untilMs - this.#clock.nowMs();
      if (task !== undefined || remainingMs <= 0) return task;
      await this.#changes.wait(remainingMs, signal);
    }
    return undefined;
  }

  #oldestTask(site: string): Task | undefined {
    for (const { state, jobSha256 } of this.#registry.all()) {
      const work = taskOf(state, site);
      if (work !== null) return { job: state.plan.jobId, jobDigest: jobSha256, work };
    }
    return undefined;
  }
}
