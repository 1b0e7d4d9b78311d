import type { Sha256 } from '@fedvox/base';
import type {
  DataSummary,
  EncodingSpec,
  FirewallRules,
  SelectionSpec,
  StrategySpec,
} from '@fedvox/job';
import type { Capability, FiguresOutlook, GateOutcome } from '@fedvox/protocol';
import type { JobFailure, Ordered } from './facts.js';
import type { ParticipationPlan } from './lots.js';
import type { Members } from './member.js';
import { acceptedStatements, nextLookAtMs, type RoundAnswer } from './roll-call.js';
import type { RoundOutcome, RoundState } from './round-machine.js';
import type { SiteVerdict } from './verdict.js';

/** What a submission fixes for good. */
export interface JobPlan {
  readonly jobId: string;
  readonly rounds: number;
  readonly minSites: number;
  readonly deadlineMs: number;
  /** How long the gate waits for its sites. */
  readonly gateMs: number;
  /** How long a round waits on once `minSites` have answered; null: for whoever is heard of. */
  readonly graceMs: number | null;
  readonly strategy: StrategySpec;
  /** How deltas are written on their way; absent where that is float32. */
  readonly encoding?: EncodingSpec;
  /** The largest part of an average that one site may be; null: its weight's, as it once was. */
  readonly maxShare: number | null;
  /** The largest FedAvg weight a site may name. */
  readonly maxExamples: number;
  /** By what updates are kept out of an average; absent where the job has no firewall. */
  readonly firewall?: FirewallRules;
  /** Sorted. */
  readonly invitedSites: readonly string[];
  /** Names, with `*` for any part, of sites that are invited when they enrol later. */
  readonly laterSites: readonly string[];
  readonly initialModel: Sha256;
  /** Which sites train in a round; every one where absent. */
  readonly participation?: ParticipationPlan;
  /** What a site's agent has to be capable of; absent where it was not written down at the submission. */
  readonly needs?: readonly Capability[];
  /** How the best model is chosen, and when the job ends early, where the job says so. */
  readonly selection?: SelectionSpec;
  /** Whether its deltas are kept, whatever the coordinator's terms: absent where they are not. */
  readonly archive?: true;
  /** Where the initial model is no untrained one. */
  readonly startedFrom?: StartedFrom;
}

/** Where a job's initial model is from: weights that the operator had, or a model of an earlier job. */
export type StartedFrom =
  | { readonly kind: 'file' }
  | { readonly kind: 'job'; readonly job: string; readonly round: number };

/**
 * A job: the data gate, rounds 1 … R, and the evaluation of the last model. Immutable, and
 * stored in parts (`stored-state.ts`); times are absolute, so that a restart changes nothing.
 *
 * ```
 *                    ┌── pause ──▶ paused ── resume ──┐
 *   submit ──▶ running ◀───────────────────────────────┘
 *                │  ├── no quorum, gate not passed ──▶ failed ── resume ──▶ running
 *                │  ├── abort (also from paused, failed) ──▶ aborted
 *                │  └── last evaluation closed ──▶ completed
 *   activity:  gate ──▶ round 1 ──▶ … ──▶ round R ──▶ round R + 1 (evaluate)
 *                          └─ patience at its end ──▶ next round (evaluate)
 * ```
 *
 * While paused no task is given and no deadline runs, but an aggregation already begun ends. A job whose
 * round is held for its operator is paused; to resume it confirms what the firewall did.
 *
 * Each site, beside the job's own activity:
 * ```
 *   invited, or ──▶ asked at the gate ── pass ──▶ takes part from the next round on
 *   enrolled later    ▲    │    ▲                   │  └── three rounds without a word: takes part,
 *                     │    │    └ a minute later    │      but no round waits for it until it speaks
 *     greets anew, or │    ├── a reason that passes │
 *     job is resumed  │    └── any other reason     └── declines for a reason that does not pass
 *                     └──────── left out ◀──────────┘
 * ```
 */
export type JobState = JobBase &
  (
    | { readonly status: 'running' }
    | { readonly status: 'paused'; readonly pausedAtMs: number }
    | { readonly status: 'failed'; readonly reason: JobFailure }
    | { readonly status: 'aborted' }
    | { readonly status: 'completed' }
  );

export interface JobBase {
  readonly plan: JobPlan;
  readonly activity: Activity;
  /** Every site that the job ever invited. */
  readonly members: Members;
}

export type Activity =
  | { readonly kind: 'gate'; readonly openedAtMs: number; readonly deadlineAtMs: number }
  | { readonly kind: 'round'; readonly round: RoundState };

export type JobEvent =
  | {
      readonly kind: 'gate-reported';
      readonly site: string;
      readonly outcome: GateOutcome;
      readonly figures: FiguresOutlook | null;
      readonly summary?: DataSummary;
      /** For a reason that passes. */
      readonly askAgainAtMs: number;
      readonly nowMs: number;
    }
  /** Its agent lacks what the job needs; only of a site that would be given a task. */
  | {
      readonly kind: 'site-lacks';
      readonly site: string;
      readonly lacks: readonly Capability[];
      readonly nowMs: number;
    }
  | { readonly kind: 'site-enrolled'; readonly site: string }
  /** By an operator, once it is enrolled; whatever the submission said. */
  | ({ readonly kind: 'site-invited'; readonly site: string } & Ordered)
  /** Any call of the site; `anew` where it has just dialled in. */
  | { readonly kind: 'site-spoke'; readonly site: string; readonly anew: boolean }
  | ({ readonly kind: 'site-revoked'; readonly site: string; readonly nowMs: number } & Ordered)
  | ({ readonly kind: 'paused'; readonly nowMs: number } & Ordered)
  | ({ readonly kind: 'resumed'; readonly nowMs: number } & Ordered)
  | ({ readonly kind: 'aborted' } & Ordered)
  /** `away`: sites of which nothing was heard lately. */
  | { readonly kind: 'tick'; readonly nowMs: number; readonly away: readonly string[] }
  | {
      readonly kind: 'site-answered';
      readonly site: string;
      readonly answer: RoundAnswer;
      readonly nowMs: number;
    }
  /** An operator's word about an update of the present round. */
  | { readonly kind: 'overruled'; readonly verdict: SiteVerdict; readonly nowMs: number }
  /** These answer the effect of the same round; late ones are ignored. */
  | {
      readonly kind: 'round-opened';
      readonly round: number;
      readonly nowMs: number;
      /** Sites of which nothing was heard lately; where left out, nobody is taken to be away. */
      readonly away?: readonly string[];
    }
  | { readonly kind: 'updates-settled'; readonly round: number }
  | {
      readonly kind: 'screened';
      readonly round: number;
      readonly verdicts: readonly SiteVerdict[];
      readonly nowMs: number;
    }
  | { readonly kind: 'screening-failed'; readonly round: number }
  | ({
      readonly kind: 'aggregated';
      readonly round: number;
      readonly lastGain?: number;
    } & RoundOutcome)
  | { readonly kind: 'aggregation-failed'; readonly round: number };

/** What must be done outside, once the state that asks for it is durable. */
export type JobEffect =
  | { readonly kind: 'open-round'; readonly round: number }
  | { readonly kind: 'settle-updates'; readonly round: number }
  | {
      readonly kind: 'screen';
      readonly round: number;
      readonly baseModel: Sha256;
      readonly statements: readonly Sha256[];
    }
  | {
      readonly kind: 'aggregate';
      readonly round: number;
      readonly baseModel: Sha256;
      readonly baseState: Sha256 | null;
      readonly statements: readonly Sha256[];
    };

type DueEffect =
  | Exclude<JobEffect, { readonly kind: 'screen' | 'aggregate' }>
  | {
      readonly kind: 'screen';
      readonly round: number;
      readonly set: Extract<RoundState, { phase: 'screening' }>;
    }
  | {
      readonly kind: 'aggregate';
      readonly round: number;
      readonly set: Extract<RoundState, { phase: 'aggregating' }>;
    };

/** What the state asks for: the same after a transition and after a crash, when all of it is due. */
export function dueEffects(state: JobState): readonly JobEffect[] {
  const due = dueEffect(state);
  if (due === null) return [];
  if (due.kind !== 'aggregate' && due.kind !== 'screen') return [due];
  const { round } = due;
  if (due.kind === 'screen') {
    const { baseModel, rollCall } = due.set;
    return [{ kind: 'screen', round, baseModel, statements: acceptedStatements(rollCall, 'all') }];
  }
  const { baseModel, baseState, rollCall } = due.set;
  const statements = acceptedStatements(rollCall);
  return [{ kind: 'aggregate', round, baseModel, baseState, statements }];
}

/** There is one at most. Of what is to be screened or averaged, the set is not looked at. */
export function dueEffect({ status, activity }: JobState): DueEffect | null {
  if (status !== 'running' && status !== 'paused') return null;
  if (activity.kind !== 'round') return null;
  const { round } = activity;
  switch (round.phase) {
    case 'pending':
      return status === 'running' ? { kind: 'open-round', round: round.number } : null;
    case 'closing':
      return { kind: 'settle-updates', round: round.number };
    case 'screening':
      return { kind: 'screen', round: round.number, set: round };
    case 'aggregating':
      return { kind: 'aggregate', round: round.number, set: round };
    case 'open':
    case 'held':
    case 'committed':
    case 'failed':
      return null;
  }
}

/** When the gate's or the round's time is up at the latest; null while no deadline runs. */
export function deadlineAtMs({ status, activity }: JobState): number | null {
  if (status !== 'running') return null;
  if (activity.kind === 'gate') return activity.deadlineAtMs;
  return activity.round.phase === 'open' ? activity.round.rollCall.deadlineAtMs : null;
}

/** From when on the state is to be ticked, now and again; null while no deadline runs. */
export function nextTickAtMs(state: JobState): number | null {
  const { activity, plan } = state;
  const isOpenRound = activity.kind === 'round' && activity.round.phase === 'open';
  return state.status === 'running' && isOpenRound
    ? nextLookAtMs(activity.round.rollCall, plan)
    : deadlineAtMs(state);
}

/** Whether the last model is measured before all rounds are done: models had ceased to become better. */
export function endsEarly({ activity, plan }: JobState): boolean {
  if (activity.kind !== 'round') return false;
  const { work, number } = activity.round;
  return work === 'evaluate' && number <= plan.rounds;
}

export function isOver({ status }: JobState): boolean {
  return status === 'completed' || status === 'aborted';
}
