import type { Sha256 } from '@fedvox/base';
import { bufferOf, maxStaleness } from '@fedvox/job';
import type { JobState } from './job-state.js';
import { type RoundState, roundTakes, takesAnswers } from './round-machine.js';
import { isTrusted } from './standing.js';

/**
 * Rounds that overlap, as FedBuff has them: a round closes with the first updates, and a site that is
 * still at the work of an earlier one goes on. Its update is bound to the round and the model that it
 * was made for, and counts in the round that is open when it comes.
 */

/** The model that updates of round `number` are made for; undefined where the present round takes none. */
export function baseModelOf(round: RoundState, number: number): Sha256 | undefined {
  const staleness = round.number - number;
  return staleness === 0 ? round.baseModel : round.earlierBases?.[staleness - 1];
}

/** Whether updates of that earlier round are taken. */
export function takesEarlier({ activity }: JobState, number: number): boolean {
  if (activity.kind === 'gate' || number === activity.round.number) return false;
  return baseModelOf(activity.round, number) !== undefined;
}

/** The base models of the rounds before the next one, as far back as the job takes updates of. */
export function basesBefore(
  { plan }: Pick<JobState, 'plan'>,
  { baseModel, earlierBases = [] }: RoundState,
): { earlierBases?: readonly Sha256[] } {
  if (bufferOf(plan.strategy) === null) return {};
  return { earlierBases: [baseModel, ...earlierBases].slice(0, maxStaleness(plan.strategy)) };
}

/** Whether the work of that round, which the site is at, is still wanted though another round has begun. */
export function isStillWanted(state: JobState, site: string, number: number): boolean {
  const { activity, plan, status } = state;
  if (status !== 'running' || activity.kind !== 'round') return false;
  const { round } = activity;
  if (round.work !== 'train' || bufferOf(plan.strategy) === null) return false;
  if (round.phase === 'open') {
    return baseModelOf(round, number) !== undefined && roundTakes(round, site);
  }
  // In the round that follows it is one round staler.
  const isLast = round.number === plan.rounds;
  const isTaken =
    round.number + 1 - number <= maxStaleness(plan.strategy) && number <= round.number;
  return isBetweenRounds(state) && !isLast && isTaken && isTrusted(state, site);
}

/** Whether the job takes no update now, and will once its next round has opened. */
export function isBetweenRounds({ activity, plan, status }: JobState): boolean {
  if (status !== 'running' || activity.kind !== 'round') return false;
  const { round } = activity;
  if (round.work !== 'train' || bufferOf(plan.strategy) === null) return false;
  return round.phase !== 'open' && round.phase !== 'failed' && round.phase !== 'committed';
}

/** Whether a checked update has to wait for the next round: a closing one still takes it. */
export function mustWait(state: JobState): boolean {
  const { activity } = state;
  if (!isBetweenRounds(state) || activity.kind !== 'round') return false;
  return !takesAnswers(activity.round);
}
