import type { Sha256 } from '@fedvox/base';
import { METRICS } from '@fedvox/job';
import { chooseBest } from '../core/best-model.js';
import { fail } from '../errors.js';
import type { JobDetails } from '../rest-contract.js';

export interface ChosenModel {
  readonly round: number;
  readonly sha256: Sha256;
}

/**
 * The model that is asked for: the one that `round` made, 0 being the one that the job began with;
 * the best one by the job's own rule where no round is named.
 * @throws FedvoxError `coordinator/no-model-of-round`, `coordinator/no-best-model` with the reason
 */
export function chooseModel(job: JobDetails, round?: number): ChosenModel {
  const last = Math.max(0, ...job.rounds.map((row) => row.round));
  if (round === undefined) {
    if (job.best === null) {
      throw fail('no-best-model', { job: job.id, why: whyNoBest(job), last });
    }
    return job.best;
  }
  const row = job.rounds.find((candidate) => candidate.round === round);
  if (row === undefined) throw fail('no-model-of-round', { job: job.id, round, last });
  return { round, sha256: row.modelSha256 };
}

/** Why a job has no best model, for its operator; empty where it has one. */
export function whyNoBest({
  rounds,
  best,
  bestBy,
  maxShare,
  selection,
  totalRounds,
}: JobDetails): string {
  const last = Math.max(0, ...rounds.map((row) => row.round));
  if (last === 0) return `none of its ${totalRounds} rounds has ended yet`;
  const choice = chooseBest(rounds, { metric: bestBy, over: selection?.over, maxShare });
  switch (choice.kind) {
    case 'best':
      return best === null ? `the figures of round ${last}'s model are still coming in` : '';
    case 'undecided':
      return (
        `the models of rounds ${choice.rounds.join(', ')} were scored by different sites, ` +
        'and on those that scored both each is beaten by another'
      );
    case 'unmeasured': {
      // Figures describe the model that a round began with: those of model 1 come in round 2.
      const told = rounds.some(({ round, sites }) => round > 0 && sites.length > 0);
      return told
        ? `no site has sent a ${bestBy} figure for any of its models: ${WITHHELD}, and have none ${METRICS[bestBy].undefinedWhere}`
        : `the figures of round ${last}'s model come in with the next round`;
    }
  }
}

const WITHHELD = 'sites withhold figures about fewer cases than their policy.minCasesForMetrics';
