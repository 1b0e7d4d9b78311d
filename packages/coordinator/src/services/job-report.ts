import { readFile } from 'node:fs/promises';
import type { Sha256 } from '@fedvox/base';
import { decodeJob } from '@fedvox/job';
import type { JobState } from '../core/job-state.js';
import { bestOf, type ModelRow, tabulate } from '../core/results.js';
import { isAwaited } from '../core/roll-call.js';
import type { CurrentWork, JobDetails, JobSummary } from '../http/contract.js';
import type { BlobStore } from '../store/blob-store.js';
import type { Store, StoredRound } from '../store/store.js';
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
  const { invitedSites } = state.plan;
  const { rows, bestBy, best } = await resultsOf(job, { store, blobs });
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

/** The initial model, then one of each committed round. */
export function modelsOf(
  { state }: Pick<RegisteredJob, 'state'>,
  rounds: readonly StoredRound[],
): readonly Sha256[] {
  const trained = rounds.flatMap(({ work, model }) =>
    work === 'train' && model !== null ? [model] : [],
  );
  return [state.plan.initialModel, ...trained];
}

type ResultSources = Pick<ReportSources, 'store' | 'blobs'>;

async function resultsOf(job: RegisteredJob, { store, blobs }: ResultSources) {
  const { jobId } = job.state.plan;
  const models = modelsOf(job, await store.rounds(jobId));
  const rows = tabulate(models, await store.figures(jobId));
  const { bestBy } = decodeJob(await readFile(blobs.path(job.jobSha256))).evaluation;
  return { rows, bestBy, best: bestOf(rows, bestBy) };
}

/** The best model so far by the job's own metric; null where no figure of one is known. */
export async function bestModelOf(
  job: RegisteredJob,
  sources: ResultSources,
): Promise<ModelRow | null> {
  return (await resultsOf(job, sources)).best;
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
