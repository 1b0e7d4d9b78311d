import { assert } from '@fedvox/base';
import { bufferOf, STRATEGY_TERMS } from '@fedvox/job';
import { isPassing } from '@fedvox/protocol';
import { countSilence, enrol, invite, listen, revoke, withoutSilence } from './attendance.js';
import { type JobFact, orderedBy } from './facts.js';
import { answerForLacking, reopenGate, reportGate, settleGate, withOutcome } from './gate.js';
import {
  dueEffect,
  dueEffects,
  isOver,
  type JobEffect,
  type JobEvent,
  type JobPlan,
  type JobState,
} from './job-state.js';
import { askedAnew, membersOf, NEW_MEMBER, withMember, withoutSilences } from './member.js';
import { basesBefore } from './overlap.js';
import {
  acceptedUpdates,
  calledSince,
  quarantinedUpdates,
  type RoundAnswer,
  unansweredSites,
  updateOf,
} from './roll-call.js';
import {
  type CollectingRound,
  quorumOf,
  type RoundEvent,
  type RoundState,
  roundOffers,
  stepRound,
  takesAnswers,
} from './round-machine.js';
import { silentSites } from './standing.js';
import { completePlan, type SubmittedPlan } from './submitted-plan.js';
import {
  andThen,
  baseOf,
  beginRound,
  failJob,
  reached,
  sitesFor,
  type Transition,
} from './transition.js';
import type { SiteVerdict } from './verdict.js';

export interface Step {
  readonly state: JobState;
  /** To be recorded in the transaction that stores the state. */
  readonly facts: readonly JobFact[];
  /** To be carried out after it. */
  readonly effects: readonly JobEffect[];
}

/** @param by the operator's name */
export function submitJob(submitted: SubmittedPlan, nowMs: number, by?: string): Step {
  const plan = completePlan(submitted);
  const state: JobState = {
    plan,
    activity: { kind: 'gate', openedAtMs: nowMs, deadlineAtMs: nowMs + plan.gateMs },
    members: membersOf(plan.invitedSites.map((site) => [site, NEW_MEMBER])),
    status: 'running',
  };
  const { invitedSites: sites, initialModel: model, startedFrom } = plan;
  const origin = startedFrom === undefined ? {} : { startedFrom };
  const submission: JobFact = { kind: 'job-submitted', model, sites, ...origin, ...orderedBy(by) };
  return { state, facts: [submission], effects: dueEffects(state) };
}

/** @throws InvariantError on an event that the state cannot have: whoever sends events checks first. */
export function step(state: JobState, event: JobEvent): Step {
  const { state: next, facts } = apply(state, event);
  return { state: next, facts, effects: newEffects(state, next) };
}

/** What a later state of the job asks for that the earlier one did not. */
export function newEffects(earlier: JobState, later: JobState): readonly JobEffect[] {
  const [before, after] = [dueEffect(earlier), dueEffect(later)];
  const isKnown = before?.kind === after?.kind && before?.round === after?.round;
  return isKnown ? [] : dueEffects(later);
}

function apply(state: JobState, event: JobEvent): Transition {
  switch (event.kind) {
    case 'gate-reported':
      return andThen(reportGate(state, event), (next) =>
        next.activity.kind === 'gate' ? tick(next, event.nowMs) : reached(next),
      );
    case 'site-lacks':
      return andThen(answerForLacking(state, event), (next) => leaveUnasked(next, event));
    case 'site-enrolled':
      return enrol(state, event);
    case 'site-invited':
      return invite(state, event);
    case 'site-spoke':
      return andThen(listen(state, event), (next) =>
        next.activity.kind === 'gate'
          ? reached(next)
          : stepCurrentRound(next, { kind: 'site-spoke', site: event.site }),
      );
    case 'site-revoked':
      return leave(state, event);
    case 'paused':
      assert(state.status === 'running', 'only a running job is paused');
      return reached(
        { ...baseOf(state), status: 'paused', pausedAtMs: event.nowMs },
        { kind: 'job-paused', ...orderedBy(event.by) },
      );
    case 'resumed':
      return resume(state, event);
    case 'aborted':
      assert(!isOver(state), 'only a job that is not over is aborted');
      return reached(
        { ...baseOf(state), status: 'aborted' },
        { kind: 'job-aborted', ...orderedBy(event.by) },
      );
    case 'tick':
      return tick(state, event.nowMs, event.away);
    case 'site-answered':
      assert(state.status === 'running' || state.status === 'paused', 'the job is under way');
      return stepCurrentRound(withAnswer(state, event), event);
    case 'round-opened':
      return isStillDue(state, event)
        ? stepCurrentRound(state, { ...event, silentSites: silentSites(state) })
        : reached(state);
    case 'overruled':
      assert(!isOver(state), 'the job is not over');
      return stepCurrentRound(state, event);
    case 'updates-settled':
    case 'screened':
    case 'screening-failed':
    case 'aggregated':
    case 'aggregation-failed':
      return isStillDue(state, event) ? stepCurrentRound(state, event) : reached(state);
  }
}

type EffectAnswer = Extract<JobEvent, { readonly round: number }>;

/** Which effect an event answers. */
const ANSWERED_EFFECT = {
  'round-opened': 'open-round',
  'updates-settled': 'settle-updates',
  screened: 'screen',
  'screening-failed': 'screen',
  aggregated: 'aggregate',
  'aggregation-failed': 'aggregate',
} as const satisfies Record<EffectAnswer['kind'], JobEffect['kind']>;

/** The job may have been paused or aborted while the effect was carried out. */
function isStillDue(state: JobState, { kind, round }: EffectAnswer): boolean {
  const due = dueEffect(state);
  return due?.kind === ANSWERED_EFFECT[kind] && due.round === round;
}

/** Closes whatever is over. */
function tick(state: JobState, nowMs: number, away: readonly string[] | null = null): Transition {
  if (state.status !== 'running') return reached(state);
  return state.activity.kind === 'round'
    ? stepCurrentRound(state, { kind: 'tick', nowMs, away: away ?? [] })
    : settleGate(state, nowMs, away);
}

function stepCurrentRound(state: JobState, event: RoundEvent): Transition {
  assert(state.activity.kind === 'round', 'the job is in a round');
  const before = state.activity.round;
  const { plan } = state;
  const minSites = quorumOf(before, plan.minSites, STRATEGY_TERMS[plan.strategy.kind].needs);
  const buffer = before.work === 'train' ? bufferOf(plan.strategy)?.buffer : undefined;
  const round = stepRound(before, event, { ...plan, minSites, buffer });
  const stepped = reached(
    { ...state, activity: { kind: 'round', round } },
    ...factsOf(before, round, event, plan),
  );
  return round.phase === before.phase
    ? stepped
    : andThen(stepped, (next) => enter(next, round, event));
}

function factsOf(
  before: RoundState,
  round: RoundState,
  event: RoundEvent,
  plan: JobPlan,
): JobFact[] {
  switch (event.kind) {
    case 'site-answered': {
      const { site, answer } = event;
      return [factOfAnswer({ round: round.number, site }, answer)];
    }
    case 'round-opened':
    case 'reopened':
      return takesAnswers(round) ? [openingOf(round, plan)] : [];
    case 'tick':
      if (!takesAnswers(before) || !takesAnswers(round)) return [];
      return calledSince(before.rollCall, round.rollCall).map((site) => ({
        kind: 'site-called',
        round: round.number,
        site,
      }));
    case 'screened':
      return event.verdicts.flatMap(({ site }) => factsOfVerdict(round, site));
    case 'overruled':
      return [factOfWord(round.number, event.verdict)];
    default:
      return [];
  }
}

function factOfAnswer(about: { round: number; site: string }, answer: RoundAnswer): JobFact {
  switch (answer.kind) {
    case 'update': {
      const { kind: _, ...update } = answer;
      return { kind: 'update-accepted', ...about, ...update };
    }
    case 'given-up':
      return { kind: 'site-given-up', ...about };
    case 'declined':
      return { kind: 'site-declined', ...about, reason: answer.reason };
  }
}

/** What the firewall found, where no operator had decided: those that had are known already. */
function factsOfVerdict(round: RoundState, site: string): JobFact[] {
  const verdict = 'rollCall' in round ? updateOf(round.rollCall, site)?.verdict : undefined;
  if (verdict === undefined || verdict.by !== null) return [];
  const { reason, flags } = verdict;
  const about = { round: round.number, site };
  return [
    ...(reason === null ? [] : [{ kind: 'update-quarantined', ...about, reason } as const]),
    ...(flags.length === 0 ? [] : [{ kind: 'update-flagged', ...about, flags } as const]),
  ];
}

function factOfWord(round: number, { site, reason, by }: SiteVerdict): JobFact {
  assert(by !== null, 'an operator has a name');
  return reason === null
    ? { kind: 'update-released', round, site, by }
    : { kind: 'update-quarantined', round, site, reason, by };
}

/** An answer is a word; and what it says of the site's means holds for the rounds to come. */
function withAnswer(
  before: JobState,
  { site, answer }: Extract<JobEvent, { kind: 'site-answered' }>,
): JobState {
  const state = withoutSilence(before, site);
  if (answer.kind === 'update') return withOutcome(state, site, 'pass', null);
  const isLasting = answer.kind === 'declined' && !isPassing(answer.reason);
  return isLasting ? withOutcome(state, site, answer.reason, null) : state;
}

/** The gate and the round go on without the site. */
function leaveUnasked(
  state: JobState,
  { site, nowMs }: Extract<JobEvent, { kind: 'site-lacks' }>,
): Transition {
  if (state.activity.kind === 'gate') return tick(state, nowMs);
  if (!roundOffers(state.activity.round, site, nowMs)) return reached(state);
  const answer = { kind: 'declined', reason: 'not-supported', askAgainAtMs: nowMs } as const;
  return stepCurrentRound(state, { kind: 'site-answered', site, answer, nowMs });
}

function openingOf(
  { number, work, baseModel, rollCall }: CollectingRound,
  { participation }: JobPlan,
): JobFact {
  const { deadlineAtMs, entries } = rollCall;
  const opening = { kind: 'round-opened', round: number, work, baseModel, deadlineAtMs } as const;
  if (participation === undefined || work === 'evaluate') return opening;
  const sites = [...entries].flatMap(([site, { isCalled }]) => (isCalled ? [site] : []));
  return { ...opening, sites };
}

/** What a round's new phase means for the job. */
function enter(state: JobState, round: RoundState, event: RoundEvent): Transition {
  switch (round.phase) {
    case 'pending':
    case 'open':
      return reached(state);
    case 'closing': {
      // Whom a full buffer did without was not silent, but slower.
      const silent =
        round.cause === 'buffer-full'
          ? reached(state)
          : countSilence(state, unansweredSites(round.rollCall));
      const closing = { kind: 'round-closing', round: round.number, cause: round.cause } as const;
      return andThen(reached(state, closing), () => silent);
    }
    case 'screening': {
      const updates = acceptedUpdates(round.rollCall) + quarantinedUpdates(round.rollCall);
      return reached(state, { kind: 'round-screening', round: round.number, updates });
    }
    case 'held': {
      const { number, rollCall, heldAtMs } = round;
      const quarantined = quarantinedUpdates(rollCall);
      const pausedAtMs = state.status === 'paused' ? state.pausedAtMs : heldAtMs;
      const held: JobState = { ...baseOf(state), status: 'paused', pausedAtMs };
      return reached(held, { kind: 'round-held', round: number, quarantined });
    }
    case 'aggregating': {
      const updates = acceptedUpdates(round.rollCall);
      const told = withLeftOut(state, round);
      return reached(told, { kind: 'round-aggregating', round: round.number, updates });
    }
    case 'failed':
      return failJob(state, round.reason);
    case 'committed':
      return afterCommit(state, round, event.kind === 'aggregated' ? event.lastGain : undefined);
  }
}

/** Each site whose update the round is made of or without is told so with its next task. */
function withLeftOut(
  state: JobState,
  { number, rollCall }: Extract<RoundState, { phase: 'aggregating' }>,
): JobState {
  return [...rollCall.entries].reduce((next, [site, { answer }]) => {
    if (answer?.kind !== 'update') return next;
    const reason = answer.verdict?.reason ?? null;
    const before = next.members.get(site)?.leftOut ?? null;
    if (reason === null && before === null) return next;
    return withMember(next, site, { leftOut: reason === null ? null : { round: number, reason } });
  }, state);
}

type CommittedRound = Extract<RoundState, { phase: 'committed' }>;

/** @param lastGain the model since which none was better, where the job's patience is at its end */
function afterCommit(state: JobState, round: CommittedRound, lastGain?: number): Transition {
  const { number, model } = round;
  if (round.work === 'evaluate') {
    const completed: JobState = { ...baseOf(state), status: 'completed' };
    return reached(completed, commitOf(round), { kind: 'job-completed', model });
  }
  const isLast = number === state.plan.rounds;
  const endsEarly = !isLast && lastGain !== undefined;
  const work = isLast || endsEarly ? 'evaluate' : 'train';
  const overlap = work === 'train' ? basesBefore(state, round) : {};
  const next = beginRound(state, number + 1, work, round, overlap);
  const early = endsEarly ? [{ kind: 'no-more-gain', round: number, lastGain } as const] : [];
  return reached(next, commitOf(round), ...early);
}

function commitOf({ number, work, baseModel, model, serverState }: CommittedRound): JobFact {
  const kept = serverState === null ? {} : { serverState };
  return { kind: 'round-committed', round: number, work, baseModel, model, ...kept };
}

function resume(
  state: JobState,
  { nowMs, by }: Extract<JobEvent, { kind: 'resumed' }>,
): Transition {
  assert(state.status === 'paused' || state.status === 'failed', 'a stopped job is resumed');
  const resumed: JobFact = { kind: 'job-resumed', ...orderedBy(by) };
  const running = reached({ ...baseOf(state), status: 'running' }, resumed);
  const continued = andThen(running, (next) =>
    state.status === 'paused' ? postpone(next, nowMs - state.pausedAtMs) : reopen(next, nowMs),
  );
  return andThen(continued, (next) => tick(next, nowMs));
}

function postpone(state: JobState, byMs: number): Transition {
  const { activity } = state;
  if (activity.kind === 'round') {
    const isHeld = activity.round.phase === 'held';
    return stepCurrentRound(state, isHeld ? { kind: 'confirmed' } : { kind: 'postponed', byMs });
  }
  const deadlineAtMs = activity.deadlineAtMs + byMs;
  return reached({ ...state, activity: { ...activity, deadlineAtMs } });
}

/** Asks again whoever did not pass the gate, or did not answer the round. */
function reopen(state: JobState, nowMs: number): Transition {
  if (state.activity.kind === 'gate') return reached(reopenGate(state, nowMs));
  const sites = sitesFor(state, state.activity.round.work);
  const members = withoutSilences(askedAnew(state.members));
  return stepCurrentRound({ ...state, members }, { kind: 'reopened', nowMs, sites });
}

function leave(state: JobState, event: Extract<JobEvent, { kind: 'site-revoked' }>): Transition {
  const revoked = revoke(state, event);
  if (revoked.facts.length === 0) return revoked;
  const { site, nowMs } = event;
  const left = andThen(revoked, (next) =>
    next.activity.kind === 'gate'
      ? reached(next)
      : stepCurrentRound(next, { kind: 'site-left', site }),
  );
  return andThen(left, (next) => tick(next, nowMs));
}
