import { assert, type Sha256 } from '@fedvox/base';
import { PLAIN, type SiteNeeds, STRATEGY_TERMS } from '@fedvox/job';
import { type AnyUpdateStatement, refuse } from '@fedvox/protocol';
import { isOver, type JobState } from './job-state.js';
import { baseModelOf } from './overlap.js';
import { mayAnswer } from './roll-call.js';
import { type RoundState, roundTakes, takesAnswers } from './round-machine.js';
import { isInvited } from './standing.js';

/** What the coordinator knows when a signed statement comes in. */
export interface AdmissionContext {
  /** The job that the statement names, if there is one. */
  readonly job: { readonly state: JobState; readonly jobSha256: Sha256 } | undefined;
  /** Whether this very statement was accepted before. */
  readonly isAccepted: boolean;
  /** Whether another update of the site was, for the statement's round, where that is an earlier one. */
  readonly isRoundAnswered: boolean;
  /** Highest counter accepted from this key for this job; 0 where there is none. */
  readonly lastCounter: number;
  /** How long a delta for the statement's base model is; undefined where that is not known here. */
  readonly deltaByteLength: number | undefined;
}

/**
 * Whether a statement, whose signature and sender hold, may bring its delta: it must be for this job,
 * this round and this base model, and never have been used.
 * @throws FedvoxError a refusal, by name
 */
export function admitStatement(statement: AnyUpdateStatement, context: AdmissionContext): void {
  const { job, isAccepted, isRoundAnswered, lastCounter, deltaByteLength } = context;
  if (job === undefined) throw refuse('unknown-job', { job: statement.job });
  if (isAccepted) throw refuse('replayed-statement');
  if (statement.jobDigest !== job.jobSha256) throw refuse('wrong-job-digest');
  const round = currentRound(statement, job.state);
  if (job.state.status === 'paused') throw refuse('job-paused', { job: statement.job });
  if (isRoundAnswered || !roundTakes(round, statement.site)) {
    throw refuse('round-closed', { round: statement.round });
  }
  if (statement.baseModel !== baseModelOf(round, statement.round)) {
    throw refuse('wrong-base-model', { round: statement.round });
  }
  if (statement.counter <= lastCounter) {
    throw refuse('counter-not-increasing', { counter: statement.counter, last: lastCounter });
  }
  admitWeight(statement, job.state);
  admitCompanions(statement);
  admitNeeds(statement, job.state);
  admitEncoding(statement, job.state);
  admitDelta(statement, round, deltaByteLength);
}

/**
 * Whether a checked update is still taken, and how many rounds ago its own began: a closing round takes those that were being checked when
 * it closed, also while the job is paused.
 * @throws FedvoxError a refusal, by name
 */
export function admitUpdate(statement: AnyUpdateStatement, state: JobState): number {
  const round = currentRound(statement, state);
  if (!takesAnswers(round) || !mayAnswer(round.rollCall, statement.site)) {
    throw refuse('round-closed', { round: round.number });
  }
  return round.number - statement.round;
}

function currentRound({ job, round, site }: AnyUpdateStatement, state: JobState): RoundState {
  if (!isInvited(state, site)) throw refuse('not-invited', { job });
  if (isOver(state)) throw refuse('job-ended', { job });
  const { activity } = state;
  if (activity.kind === 'gate') throw refuse('stale-round', { round, current: 0 });
  if (baseModelOf(activity.round, round) === undefined) {
    throw refuse('stale-round', { round, current: activity.round.number });
  }
  return activity.round;
}

function admitWeight({ weight }: AnyUpdateStatement, { plan }: JobState): void {
  if (weight.value <= plan.maxExamples) return;
  const reason = `${weight.value} is more than the ${plan.maxExamples} that the job allows`;
  throw refuse('weight-out-of-range', { reason });
}

/** No strategy asks for tensor files beside the delta yet. */
function admitCompanions(statement: AnyUpdateStatement): void {
  const [companion] = 'companions' in statement ? statement.companions : [];
  if (companion === undefined) return;
  const reason = `job ${statement.job} asks for no tensor file "${companion.role}"`;
  throw refuse('request-invalid', { reason });
}

/** An update says what the job's strategy cannot do without. */
function admitNeeds(statement: AnyUpdateStatement, { plan: { strategy } }: JobState): void {
  if (statement.delta === null) return;
  const needs: SiteNeeds = STRATEGY_TERMS[strategy.kind].needs;
  const steps = 'localSteps' in statement ? statement.localSteps : null;
  const lacking = [
    ...(needs.localSteps && steps === null ? ['the number of local steps'] : []),
    ...(needs.dice && statement.figures.dice === null ? ['a Dice'] : []),
  ];
  if (lacking.length === 0) return;
  const reason = `${strategy.kind}, the strategy of job ${statement.job}, needs ${lacking.join(', ')}`;
  throw refuse('request-invalid', { reason });
}

/** The bytes of a delta are read as its job says: so the statement says the same. */
function admitEncoding({ job, delta }: AnyUpdateStatement, { plan }: JobState): void {
  if (delta === null) return;
  const { kind: expected } = plan.encoding ?? PLAIN;
  const said = 'encoding' in delta ? delta.encoding : PLAIN.kind;
  if (said === expected) return;
  const reason = `its delta is said to be ${said}, where job ${job} asks for ${expected}`;
  throw refuse('request-invalid', { reason });
}

function admitDelta(
  { delta }: AnyUpdateStatement,
  { work }: RoundState,
  expected: number | undefined,
): void {
  if ((delta === null) !== (work === 'evaluate')) throw refuse('delta-missing');
  if (delta === null) return;
  assert(expected !== undefined, 'the base model of an open round is here');
  const { byteLength } = delta;
  if (byteLength > expected) throw refuse('delta-too-large', { byteLength, maxBytes: expected });
  if (byteLength < expected) {
    const reason = `${byteLength} bytes are less than their ${expected}`;
    throw refuse('delta-shape-mismatch', { reason });
  }
}
