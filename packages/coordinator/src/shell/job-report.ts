import { readFile } from 'node:fs/promises';
import type { Sha256 } from '@fedvox/base';
import { decodeJob, hasNoFigure } from '@fedvox/job';
import type { JobState } from '../core/job-state.js';
import { bestOf, type ModelRow, type SiteCell, tabulate } from '../core/results.js';
import type { RollEntry } from '../core/roll-call.js';
import { standingOf, trustedSites } from '../core/standing.js';
import type { CurrentWork, JobDetails, JobSummary } from '../rest-contract.js';
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
  const { rows, bestBy, best } = await resultsOf(job, { store, blobs });
  return {
    ...summarise(job),
    jobSha256,
    bestBy,
    maxShare: state.plan.maxShare,
    gate: membersOf(state),
    rounds: rows.map((row) => ({ ...row, sites: row.sites.map(shownCell) })),
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
  const { maxShare } = job.state.plan;
  const rows = tabulate(models, await store.figures(jobId), maxShare);
  const { bestBy } = decodeJob(await readFile(blobs.path(job.jobSha256))).evaluation;
  return { rows, bestBy, best: bestOf(rows, bestBy, maxShare) };
}

/** The best model so far by the job's own metric; null where no figure of one is known. */
export async function bestModelOf(
  job: RegisteredJob,
  sources: ResultSources,
): Promise<ModelRow | null> {
  return (await resultsOf(job, sources)).best;
}

type ShownCell = JobDetails['rounds'][number]['sites'][number];

/** A site that answered without a figure withheld it; one that did not answer has nothing to say. */
function shownCell(cell: SiteCell): ShownCell {
  const isWithheld = cell.weight !== null && hasNoFigure(cell);
  return isWithheld ? { ...cell, withheld: true } : cell;
}

function membersOf(state: JobState): JobDetails['gate'] {
  return [...state.members].map(([site, { outcome, figures, askAgainAtMs, lacks }]) => {
    const standing = standingOf(state, site);
    const named = outcome === 'not-supported' && lacks !== null ? { lacks: [...lacks] } : {};
    return { site, outcome, standing, figures, askAgainAtMs, ...named };
  });
}

function currentWork(state: JobState, tasks: TaskDesk): CurrentWork | null {
  const { activity, status } = state;
  if (status === 'completed' || status === 'aborted') return null;
  const seen = (site: string, { answer, reason = null }: AnswerSoFar) => {
    const presence = tasks.presence(site);
    const { lastSeenAtMs = null, state: agentState = null } = presence ?? {};
    return { site, answer, reason, lastSeenAtMs, state: agentState };
  };
  if (activity.kind === 'gate') {
    const sites = trustedSites(state).map((site) =>
      seen(site, { answer: state.members.get(site)?.outcome === null ? 'awaited' : 'answered' }),
    );
    const { deadlineAtMs } = activity;
    return {
      kind: 'check-data',
      round: 0,
      phase: 'open',
      deadlineAtMs,
      graceEndsAtMs: null,
      sites,
    };
  }
  const { round } = activity;
  const { number, work: kind, phase } = round;
  if (round.phase === 'pending' || round.phase === 'committed') {
    const sites = round.sites.map((site) => seen(site, { answer: 'awaited' }));
    return { kind, round: number, phase, deadlineAtMs: null, graceEndsAtMs: null, sites };
  }
  const { rollCall } = round;
  const { deadlineAtMs, quorumAtMs } = rollCall;
  const { graceMs } = state.plan;
  const graceEndsAtMs = quorumAtMs === null || graceMs === null ? null : quorumAtMs + graceMs;
  const sites = [...rollCall.entries].flatMap(([site, entry]) =>
    entry.isCalled ? [seen(site, answerSoFar(entry))] : [],
  );
  return { kind, round: number, phase, deadlineAtMs, graceEndsAtMs, sites };
}

type AnswerSoFar = Pick<CurrentWork['sites'][number], 'answer'> &
  Partial<Pick<CurrentWork['sites'][number], 'reason'>>;

function answerSoFar({ answer, isAwaited }: RollEntry): AnswerSoFar {
  switch (answer?.kind) {
    case undefined:
      return { answer: isAwaited ? 'awaited' : 'not-awaited' };
    case 'declined':
      return { answer: 'declined', reason: answer.reason };
    case 'given-up':
      return { answer: 'given-up' };
    case 'update':
      return { answer: 'answered' };
  }
}
