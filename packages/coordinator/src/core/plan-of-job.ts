import { DEFAULT_MAX_EXAMPLES, DEFAULT_MAX_SHARE, durationMs, type Job } from '@fedvox/job';
import { capabilitiesFor } from '@fedvox/protocol';
import type { StartedFrom } from './job-state.js';
import type { ParticipationPlan } from './lots.js';
import type { SubmittedPlan } from './submitted-plan.js';

/** Whom a job invites that names nobody. */
export const EVERYBODY: readonly string[] = ['*'];

/** What a submission of this job fixes for good. */
export function planOfJob(
  job: Job,
  {
    startedFrom,
    ...about
  }: Pick<SubmittedPlan, 'jobId' | 'invitedSites' | 'initialModel'> & {
    readonly startedFrom?: StartedFrom | undefined;
  },
): SubmittedPlan {
  const { rounds, minSites, deadline, grace, gate, sites = EVERYBODY, strategy } = job.federation;
  const participation = participationOf(job);
  const { maxShare = DEFAULT_MAX_SHARE, maxExamples = DEFAULT_MAX_EXAMPLES } = job.federation;
  const { firewall = 'off', encoding } = job.federation;
  return {
    ...about,
    rounds,
    minSites,
    deadlineMs: durationMs(deadline),
    ...(gate === undefined ? {} : { gateMs: durationMs(gate) }),
    graceMs: grace === undefined ? null : durationMs(grace),
    laterSites: sites,
    strategy,
    ...(encoding === undefined ? {} : { encoding }),
    maxShare,
    maxExamples,
    ...(firewall === 'off' ? {} : { firewall }),
    ...(participation === undefined ? {} : { participation }),
    needs: capabilitiesFor(job),
    ...(job.selection === undefined ? {} : { selection: job.selection }),
    ...(job.federation.archive === true ? { archive: true } : {}),
    ...(startedFrom === undefined ? {} : { startedFrom }),
  };
}

function participationOf({ federation, seed }: Job): ParticipationPlan | undefined {
  const { participation } = federation;
  switch (participation?.kind) {
    case 'fraction':
      return { ...participation, seed };
    case 'named':
      return participation;
    default:
      return undefined;
  }
}
