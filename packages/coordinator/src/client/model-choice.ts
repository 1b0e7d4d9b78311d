import type { Sha256 } from '@fedvox/base';
import { fail } from '../errors.js';
import type { JobDetails } from '../http/contract.js';

export interface ChosenModel {
  readonly round: number;
  readonly sha256: Sha256;
}

/**
 * The model that is asked for: the one that `round` made, 0 being the untrained one; the best one by
 * the job's own metric where no round is named.
 * @throws FedvoxError `coordinator/no-model-of-round`, `coordinator/no-best-model` with the reason
 */
export function chooseModel(job: JobDetails, round?: number): ChosenModel {
  const last = Math.max(0, ...job.rounds.map((row) => row.round));
  if (round === undefined) {
    if (job.best === null) {
      throw fail('no-best-model', { job: job.id, why: whyNoBest(job, last), last });
    }
    return job.best;
  }
  const row = job.rounds.find((candidate) => candidate.round === round);
  if (row === undefined) throw fail('no-model-of-round', { job: job.id, round, last });
  return { round, sha256: row.modelSha256 };
}

/** Figures describe the model that a round began with, so those of model 1 come in round 2. */
function whyNoBest({ rounds, bestBy, totalRounds }: JobDetails, last: number): string {
  if (last === 0) return `none of its ${totalRounds} rounds has ended yet`;
  const told = rounds.filter(({ round, sites }) => round > 0 && sites.length > 0);
  if (told.length === 0) return `the figures of round ${last}'s model come in with the next round`;
  return (
    `no site has sent a ${bestBy} figure for any of its models: ` +
    'sites withhold figures about fewer cases than their policy.minCasesForMetrics'
  );
}
