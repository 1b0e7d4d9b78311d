import type { JobFact, JobFailure } from './facts.js';
import type { JobBase, JobState } from './job-state.js';
import type { RoundOutcome, RoundState, RoundWork } from './round-machine.js';
import { passedSites, trainingMembers } from './standing.js';

/** A state, and what happened on the way to it. */
export interface Transition {
  readonly state: JobState;
  readonly facts: readonly JobFact[];
}

export const reached = (state: JobState, ...facts: JobFact[]): Transition => ({ state, facts });

export function andThen(transition: Transition, next: (state: JobState) => Transition): Transition {
  const { state, facts } = next(transition.state);
  return { state, facts: [...transition.facts, ...facts] };
}

export const baseOf = ({ plan, activity, members }: JobState): JobBase => ({
  plan,
  activity,
  members,
});

export function failJob(state: JobState, reason: JobFailure): Transition {
  return reached({ ...baseOf(state), status: 'failed', reason }, { kind: 'job-failed', reason });
}

/** Everyone who has passed the gate by now takes part; where the job names who trains, those of them. */
export function beginRound(
  state: JobState,
  number: number,
  work: RoundWork,
  { model: baseModel, serverState: baseState }: RoundOutcome,
  overlap: Pick<RoundState, 'earlierBases'> = {},
): JobState {
  const sites = sitesFor(state, work);
  const round: RoundState = {
    ...{ phase: 'pending', number, work, baseModel, baseState },
    ...overlap,
    sites,
  };
  return { ...state, activity: { kind: 'round', round } };
}

/** Who may be called in a round of this work; sorted. */
export function sitesFor(state: JobState, work: RoundWork): readonly string[] {
  return passedSites(work === 'train' ? { members: trainingMembers(state) } : state);
}
