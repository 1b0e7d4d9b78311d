import type { Sha256 } from '@fedvox/base';
import type { GateOutcome } from '@fedvox/protocol';
import type { JobFailure } from './facts.js';
import type { RollCall } from './roll-call.js';
import { acceptedStatements, type RoundState, type UpdateAnswer } from './round-machine.js';

/** What a submission fixes for good. */
export interface JobPlan {
  readonly jobId: string;
  readonly rounds: number;
  readonly minSites: number;
  readonly deadlineMs: number;
  /** Sorted. */
  readonly invitedSites: readonly string[];
  readonly initialModel: Sha256;
}

/**
 * A job: the data gate, rounds 1 … R, and the evaluation of the last model. Plain data, stored as
 * JSON; times are absolute, so that a restart changes nothing.
 *
 * ```
 *                    ┌── pause ──▶ paused ── resume ──┐
 *   submit ──▶ running ◀───────────────────────────────┘
 *                │  ├── no quorum, gate not passed ──▶ failed ── resume ──▶ running
 *                │  ├── abort (also from paused, failed) ──▶ aborted
 *                │  └── last evaluation closed ──▶ completed
 *   activity:  gate ──▶ round 1 ──▶ … ──▶ round R ──▶ round R + 1 (evaluate)
 * ```
 *
 * While paused no task is given and no deadline runs, but an aggregation already begun ends.
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
  /** The latest answer of each site that gave one. */
  readonly gateOutcomes: Readonly<Record<string, GateOutcome>>;
  /** Left out from now on; what they gave before stays. */
  readonly revokedSites: readonly string[];
}

export type Activity =
  | { readonly kind: 'gate'; readonly rollCall: RollCall<GateOutcome> }
  | { readonly kind: 'round'; readonly round: RoundState };

export type JobEvent =
  | {
      readonly kind: 'gate-reported';
      readonly site: string;
      readonly outcome: GateOutcome;
      readonly nowMs: number;
    }
  | { readonly kind: 'site-revoked'; readonly site: string; readonly nowMs: number }
  | { readonly kind: 'paused'; readonly nowMs: number }
  | { readonly kind: 'resumed'; readonly nowMs: number }
  | { readonly kind: 'aborted' }
  | { readonly kind: 'tick'; readonly nowMs: number }
  | {
      readonly kind: 'site-answered';
      readonly site: string;
      readonly answer: UpdateAnswer;
      readonly nowMs: number;
    }
  /** These four answer the effect of the same round; late ones are ignored. */
  | { readonly kind: 'round-opened'; readonly round: number; readonly nowMs: number }
  | { readonly kind: 'submissions-settled'; readonly round: number }
  | { readonly kind: 'aggregated'; readonly round: number; readonly model: Sha256 }
  | { readonly kind: 'aggregation-failed'; readonly round: number };

/** What must be done outside, once the state that asks for it is durable. */
export type JobEffect =
  | { readonly kind: 'open-round'; readonly round: number }
  | { readonly kind: 'settle-submissions'; readonly round: number }
  | {
      readonly kind: 'aggregate';
      readonly round: number;
      readonly baseModel: Sha256;
      readonly statements: readonly Sha256[];
    };

/** What the state asks for: the same after a transition and after a crash, when all of it is due. */
export function dueEffects(state: JobState): readonly JobEffect[] {
  if (state.status !== 'running' && state.status !== 'paused') return [];
  if (state.activity.kind !== 'round') return [];
  const { round } = state.activity;
  switch (round.phase) {
    case 'pending':
      return state.status === 'running' ? [{ kind: 'open-round', round: round.number }] : [];
    case 'closing':
      return [{ kind: 'settle-submissions', round: round.number }];
    case 'aggregating': {
      const { number, baseModel, rollCall } = round;
      const statements = acceptedStatements(rollCall);
      return [{ kind: 'aggregate', round: number, baseModel, statements }];
    }
    case 'open':
    case 'committed':
    case 'failed':
      return [];
  }
}

/** When the state must be ticked next; null while no deadline runs. */
export function deadlineAtMs(state: JobState): number | null {
  if (state.status !== 'running') return null;
  const { activity } = state;
  if (activity.kind === 'gate') return activity.rollCall.deadlineAtMs;
  return activity.round.phase === 'open' ? activity.round.rollCall.deadlineAtMs : null;
}

export function isOver({ status }: JobState): boolean {
  return status === 'completed' || status === 'aborted';
}

/** Of these sites, those that the job still trusts. */
export function stillTrusted(
  { revokedSites }: JobState,
  sites: readonly string[],
): readonly string[] {
  return sites.filter((site) => !revokedSites.includes(site));
}
