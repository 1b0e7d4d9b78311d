import { readFile } from 'node:fs/promises';
import { decodeJob } from '@fedvox/job';
import type { JobState } from '../core/job-state.js';
import { bestOf, tabulate } from '../core/results.js';
import { isAwaited } from '../core/roll-call.js';
import type { CurrentWork, JobDetails, JobSummary } from '../http/contract.js';
import type { BlobStore } from '../store/blob-store.js';
import type { Store } from '../store/store.js';
import type { RegisteredJob } from './job-registry.js';
import type { TaskDesk } from './task-desk.js';

export function summarise({ state, name, submittedAtMs }: RegisteredJob): JobSummary {
  const { plan, activity, status } = state;
  return {
    id: plan.jobId,
    name,
    status,
    reason: status === 'failed' ? state.reason : null,
    round: activity.kind === 'gate' ? 0 : Math.min(activity.round.number, plan.rounds),
    totalRounds: plan.rounds,
    submittedAtMs,
  };
}

export interface ReportSources {
  readonly store: Store;
  readonly blobs: BlobStore;
  readonly tasks: TaskDesk;
}

/** All that an operator can know of a job: its gate, its table of models × sites, its present round. */
export async function report(
  job: RegisteredJob,
  { store, blobs, tasks }: ReportSources,
): Promise<JobDetails> {
  const { state, jobSha256 } = job;
  const { jobId, initialModel, invitedSites } = state.plan;
  const rounds = await store.rounds(jobId);
  const trained = rounds.flatMap(({ work, model }) =>
    work === 'train' && model !== null ? [model] : [],
  );
  const rows = tabulate([initialModel, ...trained], await store.figures(jobId));
  const { bestBy } = decodeJob(await readFile(blobs.path(jobSha256))).evaluation;
  const best = bestOf(rows, bestBy);
  return {
    ...summarise(job),
    jobSha256,
    bestBy,
    gate: invitedSites.map((site) => ({ site, outcome: state.gateOutcomes[site] ?? null })),
    rounds: [...rows].map((row) => ({ ...row, sites: [...row.sites] })),
    best: best === null ? null : { round: best.round, sha256: best.modelSha256 },
    current: currentWork(state, tasks),
  };
}

function currentWork(state: JobState, tasks: TaskDesk): CurrentWork | null {
  const { activity, status } = state;
  if (status === 'completed' || status === 'aborted') return null;
  const seen = (site: string, answer: CurrentWork['sites'][number]['answer']) => {
    const presence = tasks.presence(site);
    const { lastSeenAtMs = null, state: agentState = null } = presence ?? {};
    return { site, answer, lastSeenAtMs, state: agentState };
  };
  if (activity.kind === 'gate') {
    const { rollCall } = activity;
    const sites = rollCall.sites.map((site) =>
      seen(site, isAwaited(rollCall, site) ? 'awaited' : 'answered'),
    );
    const { deadlineAtMs } = rollCall;
    return { kind: 'check-data', round: 0, phase: 'open', deadlineAtMs, sites };
  }
  const { round } = activity;
  const { number, work: kind, phase } = round;
  if (round.phase === 'pending' || round.phase === 'committed') {
    const sites = round.sites.map((site) => seen(site, 'awaited'));
    return { kind, round: number, phase, deadlineAtMs: null, sites };
  }
  const { answers, deadlineAtMs, sites: called } = round.rollCall;
  const sites = called.map((site) => {
    const answer = answers[site]?.kind;
    if (answer === undefined) return seen(site, 'awaited');
    return seen(site, answer === 'update' ? 'answered' : 'given-up');
  });
  return { kind, round: number, phase, deadlineAtMs, sites };
}
