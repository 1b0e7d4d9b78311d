import type { JobFact, Ordered } from '../core/facts.js';
import { endsEarly, type JobState } from '../core/job-state.js';
import type { RollEntry } from '../core/roll-call.js';
import type { RoundState } from '../core/round-machine.js';
import { shownRow } from '../core/shown-figures.js';
import { standingOf, trustedSites } from '../core/standing.js';
import type { RoundVerdict } from '../core/verdict.js';
import {
  type CurrentWork,
  type JobDetails,
  type JobSummary,
  MAX_ORDERS,
} from '../rest-contract.js';
import type { Store, StoredFact } from '../store/store.js';
import { type BestModels, tabulateSpan } from './best-models.js';
import type { JobHistory } from './job-history.js';
import type { RegisteredJob } from './job-registry.js';
import { modelsOf } from './job-results.js';
import type { TaskDesk } from './task-desk.js';

export function summarise({ state, name, submittedAtMs }: RegisteredJob): JobSummary {
  const { plan, activity, status } = state;
  return {
    id: plan.jobId,
    name,
    status,
    reason: reasonOf(state),
    round: activity.kind === 'gate' ? 0 : modelRound(activity.round),
    totalRounds: plan.rounds,
    submittedAtMs,
  };
}

function reasonOf(state: JobState): JobSummary['reason'] {
  if (state.status === 'failed') return state.reason;
  return state.status === 'completed' && endsEarly(state) ? 'no-more-gain' : null;
}

/** The round whose model is worked on: an evaluation is of the model of the round before it. */
function modelRound({ number, work }: RoundState): number {
  return work === 'evaluate' ? number - 1 : number;
}

export interface ReportSources {
  readonly store: Store;
  readonly tasks: TaskDesk;
  readonly history: JobHistory;
  readonly bests: BestModels;
}

/**
 * Cells of the table of models × sites that one answer holds: the event loop is with it for some ten
 * milliseconds, whatever the job's length.
 */
const MAX_CELLS = 1_500;

/**
 * All that an operator can know of a job: its gate, its table of models × sites, its present round.
 * @param from first model of the table; it goes on at the answer's `nextRound`
 */
export async function report(
  job: RegisteredJob,
  { store, tasks, history, bests }: ReportSources,
  from = 0,
): Promise<JobDetails> {
  const { state, jobSha256 } = job;
  const { jobId, maxShare, selection, startedFrom } = state.plan;
  const rounds = await history.rounds(jobId);
  const models = modelsOf(job, rounds);
  const perPage = Math.max(1, Math.floor(MAX_CELLS / Math.max(1, state.members.sites.length)));
  const rows = await tabulateSpan(store, jobId, models, {
    first: from,
    last: Math.min(models.length, from + perPage) - 1,
    maxShare,
  });
  const best = await bests.of(job);
  const orders = await store.orders(jobId, MAX_ORDERS);
  const { metric: bestBy } = await history.comparison(job);
  return {
    ...summarise(job),
    jobSha256,
    bestBy,
    ...(selection === undefined ? {} : { selection }),
    maxShare,
    gate: membersOf(state),
    ...(startedFrom === undefined ? {} : { startedFrom }),
    rounds: rows.map(shownRow).map(({ sites, ...row }) => ({ ...row, sites: [...sites] })),
    nextRound: from + perPage < models.length ? from + perPage : null,
    orders: orders.map(orderOf),
    refused: [...(await store.refusals(jobId))],
    best: best === null ? null : { round: best.round, sha256: best.modelSha256 },
    current: currentWork(state, tasks),
    verdicts: (await store.verdicts(jobId, 1))
      .filter(isWorthALook)
      .map((verdict) => ({ ...verdict, flags: [...verdict.flags] })),
  };
}

function orderOf({ fact, atMs }: StoredFact): JobDetails['orders'][number] {
  const { kind: order, by = '' } = fact as JobFact & Ordered;
  return { order, by, atMs, ...('site' in fact ? { site: fact.site } : {}) };
}

const isWorthALook = ({ reason, flags, by }: RoundVerdict): boolean =>
  reason !== null || flags.length > 0 || by !== null;

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
      return { answer: answer.verdict?.reason == null ? 'answered' : 'quarantined' };
  }
}
