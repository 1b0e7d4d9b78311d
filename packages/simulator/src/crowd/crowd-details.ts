import { sha256 } from '@fedvox/base';
import type { JobDetails } from '@fedvox/coordinator';
import { bestOf, type ModelRow, shownRow, standingOf } from '@fedvox/coordinator/cores';
import type { Job } from '@fedvox/job';
import { encodeJob } from '@fedvox/job';
import type { CrowdCoordinator } from './crowd-coordinator.js';

/**
 * All that an operator would be told of a crowd's job.
 * @param settled rows of models whose figures have all come, which are put there as they come
 */
export function crowdDetails(
  job: Job,
  coordinator: CrowdCoordinator,
  settled: JobDetails['rounds'],
): JobDetails {
  const { state, submittedAtMs } = coordinator;
  const { plan, activity, status } = state;
  const { maxShare, selection } = plan;
  const { bestBy } = job.evaluation;
  const isOver = status === 'completed' || status === 'aborted';
  const round = activity.kind === 'gate' ? 0 : activity.round.number;
  const work = activity.kind === 'gate' ? null : activity.round.work;
  for (let next = settled.length; next + 1 < round; next++) {
    settled.push(shown(coordinator.rowOf(next)));
  }
  const table = isOver ? coordinator.table() : [];
  const best = bestOf(table, { metric: bestBy, over: selection?.over, maxShare });
  return {
    id: plan.jobId,
    name: job.name,
    status,
    reason: status === 'failed' ? state.reason : null,
    round: work === 'evaluate' ? round - 1 : round,
    totalRounds: plan.rounds,
    submittedAtMs,
    jobSha256: sha256(encodeJob(job)),
    bestBy,
    ...(selection === undefined ? {} : { selection }),
    maxShare,
    gate: [...state.members].map(([site, { outcome, figures, askAgainAtMs }]) => ({
      ...{ site, outcome, figures, askAgainAtMs },
      standing: standingOf(state, site),
    })),
    rounds: isOver ? table.map(shown) : [...settled],
    nextRound: null,
    orders: [],
    refused: [],
    best: best && { round: best.round, sha256: best.modelSha256 },
    current:
      isOver || activity.kind === 'gate'
        ? null
        : {
            ...{ kind: activity.round.work, round, phase: activity.round.phase },
            ...{ deadlineAtMs: null, graceEndsAtMs: null, sites: [] },
          },
    verdicts: [],
  };
}

function shown(model: ModelRow): JobDetails['rounds'][number] {
  const { sites, ...row } = shownRow(model);
  return { ...row, sites: [...sites] };
}
