import { assert, type Sha256 } from '@fedvox/base';
import {
  answered,
  type CloseCause,
  closeCause,
  isAwaited,
  openRollCall,
  postponed,
  type RollCall,
  withoutSite,
} from './roll-call.js';

/**
 * One round, from its base model to the next one.
 *
 * ```
 *             open-round        all answered,          submissions        model
 *                               or deadline            settled            durable
 *   pending ─────────────▶ open ────────────▶ closing ─────────▶ aggregating ─────▶ committed
 *                           ▲                   │ fewer than minSites │ cannot be averaged
 *                           │      reopen       ▼                     ▼
 *                           └──────────────── failed ◀────────────────┘
 * ```
 *
 * `closing` takes no new upload, but updates whose bytes were all here when it began are still
 * checked and may be accepted; `aggregating` has a frozen set. A round of work `evaluate` collects
 * figures only: it has no quorum and goes from `closing` to `committed` with its base model.
 */
export type RoundState =
  | (RoundBase & { readonly phase: 'pending' })
  | (RoundBase & { readonly phase: 'open'; readonly rollCall: UpdateRollCall })
  | (RoundBase & {
      readonly phase: 'closing';
      readonly rollCall: UpdateRollCall;
      readonly cause: CloseCause;
    })
  | (RoundBase & { readonly phase: 'aggregating'; readonly rollCall: UpdateRollCall })
  | (RoundBase & {
      readonly phase: 'failed';
      readonly rollCall: UpdateRollCall;
      readonly reason: RoundFailure;
    })
  | (RoundBase & { readonly phase: 'committed'; readonly model: Sha256 });

interface RoundBase {
  /** 1 … R train; R + 1 evaluates the last model. */
  readonly number: number;
  readonly work: RoundWork;
  readonly baseModel: Sha256;
  /** Sites that take part, sorted. */
  readonly sites: readonly string[];
}

export type RoundWork = 'train' | 'evaluate';
export type RoundFailure = 'quorum-not-reached' | 'aggregation-failed';

export type UpdateRollCall = RollCall<UpdateAnswer>;
export type UpdateAnswer =
  | { readonly kind: 'update'; readonly statement: Sha256 }
  /** Its updates were refused too often: the others need not wait for it until the deadline. */
  | { readonly kind: 'given-up' };

export interface RoundRules {
  readonly minSites: number;
  readonly deadlineMs: number;
}

export type RoundEvent =
  | { readonly kind: 'round-opened'; readonly nowMs: number }
  | {
      readonly kind: 'site-answered';
      readonly site: string;
      readonly answer: UpdateAnswer;
      readonly nowMs: number;
    }
  | { readonly kind: 'tick'; readonly nowMs: number }
  | { readonly kind: 'submissions-settled' }
  | { readonly kind: 'aggregated'; readonly model: Sha256 }
  | { readonly kind: 'aggregation-failed' }
  | { readonly kind: 'reopened'; readonly nowMs: number }
  | { readonly kind: 'postponed'; readonly byMs: number }
  | { readonly kind: 'site-left'; readonly site: string };

/** @throws InvariantError when the phase has no such event: whoever sends events checks first. */
export function stepRound(round: RoundState, event: RoundEvent, rules: RoundRules): RoundState {
  switch (event.kind) {
    case 'round-opened':
      assert(round.phase === 'pending', 'only a pending round is opened');
      return open(round, event.nowMs, rules, {});
    case 'site-answered': {
      assert(takesAnswers(round), 'only an open or closing round takes answers');
      const rollCall = answered(round.rollCall, event.site, event.answer);
      return closeIfOver({ ...round, rollCall }, event.nowMs);
    }
    case 'tick':
      return closeIfOver(round, event.nowMs);
    case 'submissions-settled':
      assert(round.phase === 'closing', 'submissions settle while a round is closing');
      return settle(round, rules);
    case 'aggregated':
      assert(round.phase === 'aggregating', 'a model is committed to an aggregating round');
      return { ...identity(round), phase: 'committed', model: event.model };
    case 'aggregation-failed':
      assert(round.phase === 'aggregating', 'aggregation fails while a round is aggregating');
      return { ...round, phase: 'failed', reason: 'aggregation-failed' };
    case 'reopened':
      assert(round.phase === 'failed', 'only a failed round is opened again');
      return reopen(round, event.nowMs, rules);
    case 'postponed':
      if (round.phase !== 'open') return round;
      return { ...round, rollCall: postponed(round.rollCall, event.byMs) };
    case 'site-left':
      return leave(round, event.site);
  }
}

/** Whether the round still waits for this site's answer, and would take a new one. */
export function roundAwaits(round: RoundState, site: string): boolean {
  return round.phase === 'open' && isAwaited(round.rollCall, site);
}

export function acceptedStatements(rollCall: UpdateRollCall): readonly Sha256[] {
  return Object.values(rollCall.answers)
    .flatMap((answer) => (answer.kind === 'update' ? [answer.statement] : []))
    .sort();
}

export type CollectingRound = Extract<RoundState, { phase: 'open' | 'closing' }>;

export function takesAnswers(round: RoundState): round is CollectingRound {
  return round.phase === 'open' || round.phase === 'closing';
}

function identity({ number, work, baseModel, sites }: RoundState): RoundBase {
  return { number, work, baseModel, sites };
}

function open(
  round: RoundState,
  nowMs: number,
  { deadlineMs }: RoundRules,
  answers: UpdateRollCall['answers'],
): RoundState {
  const rollCall = openRollCall(round.sites, nowMs, deadlineMs, answers);
  return closeIfOver({ ...identity(round), phase: 'open', rollCall }, nowMs);
}

function closeIfOver(round: RoundState, nowMs: number): RoundState {
  if (round.phase !== 'open') return round;
  const cause = closeCause(round.rollCall, nowMs);
  return cause === null ? round : { ...round, phase: 'closing', cause };
}

function settle(
  round: Extract<RoundState, { phase: 'closing' }>,
  { minSites }: RoundRules,
): RoundState {
  const { rollCall } = round;
  if (round.work === 'evaluate') {
    return { ...identity(round), phase: 'committed', model: round.baseModel };
  }
  return acceptedStatements(rollCall).length >= minSites
    ? { ...identity(round), phase: 'aggregating', rollCall }
    : { ...identity(round), phase: 'failed', rollCall, reason: 'quorum-not-reached' };
}

/** What was accepted stays accepted; a set that reached its quorum is averaged again as it is. */
function reopen(
  round: Extract<RoundState, { phase: 'failed' }>,
  nowMs: number,
  rules: RoundRules,
): RoundState {
  const { rollCall } = round;
  if (round.reason === 'aggregation-failed') {
    return { ...identity(round), phase: 'aggregating', rollCall };
  }
  const updates = Object.entries(rollCall.answers).filter(([, { kind }]) => kind === 'update');
  return open(round, nowMs, rules, Object.fromEntries(updates));
}

/** The caller ticks afterwards: the round may have waited for this site alone. */
function leave(round: RoundState, site: string): RoundState {
  const sites = round.sites.filter((name) => name !== site);
  if (round.phase === 'pending' || round.phase === 'committed') return { ...round, sites };
  return { ...round, sites, rollCall: withoutSite(round.rollCall, site) };
}
