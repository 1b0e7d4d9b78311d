import { type GateOutcome, MAX_WEIGHT } from '@fedvox/protocol';
import type { JobBase, JobPlan, JobState } from './job-state.js';
import type { RollCall, RollCallRules } from './roll-call.js';
import { acceptedStatements } from './roll-call.js';
import type { RoundState } from './round-machine.js';

/** How long the gate waits where the job does not say; never longer than a round may take. */
const DEFAULT_GATE_MS = 15 * 60_000;

/** What was not yet part of a plan when the first jobs were stored; each has its default. */
type LaterPlan = Pick<JobPlan, 'gateMs' | 'graceMs' | 'laterSites' | 'maxShare' | 'maxExamples'>;
export type SubmittedPlan = Omit<JobPlan, keyof LaterPlan> & Partial<LaterPlan>;

export function completePlan(plan: SubmittedPlan): JobPlan {
  const gateMs = Math.min(DEFAULT_GATE_MS, plan.deadlineMs);
  // A job keeps the rule of averaging that it began with: each of its rounds can be computed again.
  const weights = { maxShare: null, maxExamples: MAX_WEIGHT };
  return { gateMs, graceMs: null, laterSites: [], ...weights, ...plan };
}

export const NO_STANDINGS = {
  gateOutcomes: {},
  askAgainAtMs: {},
  figuresOutlooks: {},
  lateSites: [],
  silentRounds: {},
  revokedSites: [],
} as const satisfies Omit<JobBase, 'plan' | 'activity'>;

/** A gate as it was stored when it called its own roll. */
interface EarlierGate {
  readonly kind: 'gate';
  readonly rollCall: {
    readonly answers: Readonly<Record<string, GateOutcome>>;
    readonly openedAtMs: number;
    readonly deadlineAtMs: number;
  };
}

/** Any stored version of a state: what it lacks had one meaning when it was stored. */
type StoredJobState = Partial<JobState> & {
  readonly plan: SubmittedPlan;
  readonly activity: JobState['activity'] | EarlierGate;
};

/**
 * Reads a job's state as this version or an earlier one stored it, so that a job goes on over an
 * upgrade of its coordinator.
 */
export function readJobState(json: string): JobState {
  const stored = JSON.parse(json) as StoredJobState;
  const plan = completePlan(stored.plan);
  const state = { ...NO_STANDINGS, ...stored, plan } as JobState;
  const { activity } = stored;
  if (activity.kind === 'round') {
    return { ...state, activity: { kind: 'round', round: readRound(activity.round, plan) } };
  }
  if (!('rollCall' in activity)) return state;
  // The outcomes kept beside the roll were those of earlier gates too.
  const { answers: gateOutcomes, openedAtMs, deadlineAtMs } = activity.rollCall;
  return { ...state, gateOutcomes, activity: { kind: 'gate', openedAtMs, deadlineAtMs } };
}

/** No strategy kept anything when rounds were stored without a state. */
function readRound(stored: RoundState, rules: RollCallRules): RoundState {
  const round: RoundState = { ...{ baseState: null }, ...stored };
  return 'rollCall' in round ? { ...round, rollCall: readRollCall(round.rollCall, rules) } : round;
}

function readRollCall(stored: RollCall, { minSites }: RollCallRules): RollCall {
  const isQuorate = acceptedStatements(stored).length >= minSites;
  const quorumAtMs = isQuorate ? stored.openedAtMs : null;
  return { ...{ unawaited: [], quorumAtMs }, ...stored };
}
