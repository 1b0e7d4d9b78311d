import { statfs } from 'node:fs/promises';
import type { SiteState } from '@fedvox/protocol';
import { Gauge, type Registry } from 'prom-client';
import { deadlineAtMs, isOver, type JobState } from '../core/job-state.js';
import type { rollStanding } from '../core/roll-call.js';

/** Labels take memory in whatever scrapes them: jobs and sites beyond are counted, not named. */
export const MAX_LABELLED_JOBS = 100;
export const MAX_LABELLED_SITES = 1_000;

const ROLL_STANDINGS = [
  'awaited',
  'not-awaited',
  'updated',
  'declined',
  'declined-for-now',
  'given-up',
] as const satisfies readonly ReturnType<typeof rollStanding>[];

export interface QueueLength {
  readonly length: number;
  /** Beyond it, calls are refused. */
  readonly limit: number;
}

export interface GaugeSources {
  /** Oldest first. */
  readonly jobs: () => readonly JobState[];
  /** Every site that was heard of since the start, or before it. */
  readonly sites: () => ReadonlyMap<
    string,
    { readonly lastSeenAtMs: number; readonly state: SiteState | null }
  >;
  readonly queues: () => Readonly<Record<string, QueueLength>>;
  readonly stateDir: string;
}

/**
 * What stands at this moment, read when it is asked for: every queue, every job that is not over with
 * its round, every site, the disk.
 */
export function addStateGauges(registry: Registry, sources: GaugeSources): void {
  const registers = [registry];
  addQueueGauges(registers, sources);
  addJobGauges(registers, sources);
  addSiteGauges(registers, sources);
  const size = new Gauge({
    name: 'fedvox_state_size_bytes',
    help: 'Size of the file system that holds the state folder.',
    registers,
  });
  new Gauge({
    name: 'fedvox_state_free_bytes',
    help: 'What of it is free.',
    registers,
    async collect() {
      const { bsize, bavail, blocks } = await statfs(sources.stateDir);
      this.set(bsize * bavail);
      size.set(bsize * blocks);
    },
  });
}

function addQueueGauges(registers: Registry[], { queues }: GaugeSources): void {
  const labelNames = ['queue'] as const;
  const limit = new Gauge({
    name: 'fedvox_queue_limit',
    help: 'The length at which a queue refuses more.',
    labelNames,
    registers,
  });
  new Gauge({
    name: 'fedvox_queue_length',
    help: 'What waits or is under way, by queue.',
    labelNames,
    registers,
    collect() {
      for (const [queue, present] of Object.entries(queues())) {
        this.set({ queue }, present.length);
        limit.set({ queue }, present.limit);
      }
    },
  });
}

function addJobGauges(registers: Registry[], { jobs }: GaugeSources): void {
  const labelNames = ['job'] as const;
  const gauge = (name: string, help: string) => new Gauge({ name, help, labelNames, registers });
  const round = gauge('fedvox_job_round', 'The round that a job is in; 0 is the data gate.');
  const rounds = gauge('fedvox_job_rounds', 'The rounds that a job is to have.');
  const deadline = gauge(
    'fedvox_round_deadline_timestamp_seconds',
    'When the gate or the open round is over at the latest, in seconds since the Unix epoch.',
  );
  const sites = new Gauge({
    name: 'fedvox_round_sites',
    help: 'Sites of the present round, by their answer.',
    labelNames: ['job', 'answer'] as const,
    registers,
  });
  const unnamed = new Gauge({
    name: 'fedvox_jobs_unnamed',
    help: `Jobs that are not over and have no series of their own: only the newest ${MAX_LABELLED_JOBS} have.`,
    registers,
  });
  new Gauge({
    name: 'fedvox_job_status',
    help: 'Always 1, for each job that is not over, by its status.',
    labelNames: ['job', 'status'] as const,
    registers,
    collect() {
      const open = jobs().filter((state) => !isOver(state));
      for (const each of [this, round, rounds, deadline, sites]) each.reset();
      unnamed.set(Math.max(0, open.length - MAX_LABELLED_JOBS));
      for (const state of open.slice(-MAX_LABELLED_JOBS)) {
        const { plan, activity, status } = state;
        const job = plan.jobId;
        this.set({ job, status }, 1);
        round.set({ job }, activity.kind === 'gate' ? 0 : activity.round.number);
        rounds.set({ job }, plan.rounds);
        const endsAtMs = deadlineAtMs(state);
        if (endsAtMs !== null) deadline.set({ job }, endsAtMs / 1_000);
        for (const [answer, count] of answersOf(state)) sites.set({ job, answer }, count);
      }
    },
  });
}

function answersOf({ activity }: JobState): (readonly [string, number])[] {
  if (activity.kind === 'gate') return [];
  const { round } = activity;
  if (!('rollCall' in round)) return [];
  return ROLL_STANDINGS.map((standing) => [standing, round.rollCall.entries.count(standing)]);
}

function addSiteGauges(registers: Registry[], { sites }: GaugeSources): void {
  const unnamed = new Gauge({
    name: 'fedvox_sites_unnamed',
    help: `Sites that have no series of their own: only the first ${MAX_LABELLED_SITES} by name have.`,
    registers,
  });
  const training = new Gauge({
    name: 'fedvox_site_state',
    help: 'Always 1, for each site that was heard of since the start, by what it is at.',
    labelNames: ['site', 'state'] as const,
    registers,
  });
  new Gauge({
    name: 'fedvox_site_last_seen_timestamp_seconds',
    help: 'When a site was last heard of, in seconds since the Unix epoch.',
    labelNames: ['site'] as const,
    registers,
    collect() {
      const known = [...sites()].sort(([a], [b]) => (a < b ? -1 : 1));
      this.reset();
      training.reset();
      unnamed.set(Math.max(0, known.length - MAX_LABELLED_SITES));
      for (const [site, { lastSeenAtMs, state }] of known.slice(0, MAX_LABELLED_SITES)) {
        this.set({ site }, lastSeenAtMs / 1_000);
        if (state !== null) training.set({ site, state }, 1);
      }
    },
  });
}
