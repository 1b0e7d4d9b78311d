import { assert, type Sha256 } from '@fedvox/base';
import type { JobFact, JobFailure } from './facts.js';
import {
  type Activity,
  dueEffects,
  isOver,
  type JobBase,
  type JobEffect,
  type JobEvent,
  type JobPlan,
  type JobState,
  stillTrusted,
} from './job-state.js';
import { answered, closeCause, openRollCall, postponed, withoutSite } from './roll-call.js';
import {
  acceptedStatements,
  type CollectingRound,
  type RoundEvent,
  type RoundState,
  type RoundWork,
  stepRound,
  takesAnswers,
} from './round-machine.js';

export interface Step {
  readonly state: JobState;
  /** To be recorded in the transaction that stores the state. */
  readonly facts: readonly JobFact[];
  /** To be carried out after it. */
  readonly effects: readonly JobEffect[];
}

export function submitJob(plan: JobPlan, nowMs: number): Step {
  const activity = openGate(plan.invitedSites, nowMs, plan);
  const state: JobState = {
    plan,
    activity,
    gateOutcomes: {},
    revokedSites: [],
    status: 'running',
  };
  const { invitedSites: sites, initialModel: model } = plan;
  return { state, facts: [{ kind: 'job-submitted', model, sites }], effects: dueEffects(state) };
}

/** @throws InvariantError on an event that the state cannot have: whoever sends events checks first. */
export function step(state: JobState, event: JobEvent): Step {
  const { state: next, facts } = apply(state, event);
  const before = new Set(dueEffects(state).map(effectKey));
  const effects = dueEffects(next).filter((effect) => !before.has(effectKey(effect)));
  return { state: next, facts, effects };
}

const effectKey = ({ kind, round }: JobEffect) => `${kind}/${round}`;

/** A state, and what happened on the way to it. */
interface Progress {
  readonly state: JobState;
  readonly facts: readonly JobFact[];
}

const reached = (state: JobState, ...facts: JobFact[]): Progress => ({ state, facts });

function andThen(progress: Progress, next: (state: JobState) => Progress): Progress {
  const { state, facts } = next(progress.state);
  return { state, facts: [...progress.facts, ...facts] };
}

function apply(state: JobState, event: JobEvent): Progress {
  switch (event.kind) {
    case 'gate-reported':
      return reportGate(state, event);
    case 'site-revoked':
      return revoke(state, event);
    case 'paused':
      assert(state.status === 'running', 'only a running job is paused');
      return reached(
        { ...baseOf(state), status: 'paused', pausedAtMs: event.nowMs },
        { kind: 'job-paused' },
      );
    case 'resumed':
      return resume(state, event.nowMs);
    case 'aborted':
      assert(!isOver(state), 'only a job that is not over is aborted');
      return reached({ ...baseOf(state), status: 'aborted' }, { kind: 'job-aborted' });
    case 'tick':
      return tick(state, event.nowMs);
    case 'site-answered':
      assert(state.status === 'running' || state.status === 'paused', 'the job is under way');
      return stepCurrentRound(state, event);
    case 'round-opened':
    case 'submissions-settled':
    case 'aggregated':
    case 'aggregation-failed':
      return isStillDue(state, event) ? stepCurrentRound(state, event) : reached(state);
  }
}

type EffectAnswer = Extract<JobEvent, { readonly round: number }>;

/** Which effect an event answers. */
const ANSWERED_EFFECT = {
  'round-opened': 'open-round',
  'submissions-settled': 'settle-submissions',
  aggregated: 'aggregate',
  'aggregation-failed': 'aggregate',
} as const satisfies Record<EffectAnswer['kind'], JobEffect['kind']>;

/** The job may have been paused or aborted while the effect was carried out. */
function isStillDue(state: JobState, { kind, round }: EffectAnswer): boolean {
  const effect = ANSWERED_EFFECT[kind];
  return dueEffects(state).some((due) => due.kind === effect && due.round === round);
}

function baseOf({ plan, activity, gateOutcomes, revokedSites }: JobState): JobBase {
  return { plan, activity, gateOutcomes, revokedSites };
}

function openGate(
  sites: readonly string[],
  nowMs: number,
  { deadlineMs }: JobPlan,
  passes: Readonly<Record<string, 'pass'>> = {},
): Activity {
  return { kind: 'gate', rollCall: openRollCall(sites, nowMs, deadlineMs, passes) };
}

function reportGate(
  state: JobState,
  { site, outcome, nowMs }: Extract<JobEvent, { kind: 'gate-reported' }>,
): Progress {
  assert(state.status === 'running' && state.activity.kind === 'gate', 'the gate is open');
  const rollCall = answered(state.activity.rollCall, site, outcome);
  const gateOutcomes = { ...state.gateOutcomes, [site]: outcome };
  const reported = reached(
    { ...state, gateOutcomes, activity: { kind: 'gate', rollCall } },
    { kind: 'gate-reported', site, outcome },
  );
  return andThen(reported, (next) => tick(next, nowMs));
}

/** Closes whatever has been answered by all, or is past its deadline. */
function tick(state: JobState, nowMs: number): Progress {
  if (state.status !== 'running') return reached(state);
  if (state.activity.kind === 'round') return stepCurrentRound(state, { kind: 'tick', nowMs });
  const { rollCall } = state.activity;
  if (closeCause(rollCall, nowMs) === null) return reached(state);
  const passed = stillTrusted(state, rollCall.sites).filter(
    (site) => rollCall.answers[site] === 'pass',
  );
  const closed = reached(state, { kind: 'gate-closed', passed });
  return andThen(closed, (next) =>
    passed.length < next.plan.minSites
      ? failJob(next, 'gate-not-passed')
      : reached(beginRound(next, 1, 'train', next.plan.initialModel, passed)),
  );
}

function beginRound(
  state: JobState,
  number: number,
  work: RoundWork,
  baseModel: Sha256,
  candidates: readonly string[],
): JobState {
  const sites = stillTrusted(state, candidates);
  const round: RoundState = { phase: 'pending', number, work, baseModel, sites };
  return { ...state, activity: { kind: 'round', round } };
}

function stepCurrentRound(state: JobState, event: RoundEvent): Progress {
  assert(state.activity.kind === 'round', 'the job is in a round');
  const before = state.activity.round;
  const round = stepRound(before, event, state.plan);
  const stepped = reached(
    { ...state, activity: { kind: 'round', round } },
    ...factsOf(round, event),
  );
  return round.phase === before.phase ? stepped : andThen(stepped, (next) => enter(next, round));
}

function factsOf(round: RoundState, event: RoundEvent): JobFact[] {
  switch (event.kind) {
    case 'site-answered': {
      const { site, answer } = event;
      return answer.kind === 'update'
        ? [{ kind: 'update-accepted', round: round.number, site, statement: answer.statement }]
        : [{ kind: 'site-given-up', round: round.number, site }];
    }
    case 'round-opened':
    case 'reopened':
      return takesAnswers(round) ? [openingOf(round)] : [];
    default:
      return [];
  }
}

function openingOf({ number, work, baseModel, rollCall }: CollectingRound): JobFact {
  const { deadlineAtMs } = rollCall;
  return { kind: 'round-opened', round: number, work, baseModel, deadlineAtMs };
}

/** What a round's new phase means for the job. */
function enter(state: JobState, round: RoundState): Progress {
  switch (round.phase) {
    case 'pending':
    case 'open':
      return reached(state);
    case 'closing':
      return reached(state, { kind: 'round-closing', round: round.number, cause: round.cause });
    case 'aggregating': {
      const updates = acceptedStatements(round.rollCall).length;
      return reached(state, { kind: 'round-aggregating', round: round.number, updates });
    }
    case 'failed':
      return failJob(state, round.reason);
    case 'committed':
      return afterCommit(state, round);
  }
}

function afterCommit(
  state: JobState,
  { number, work, baseModel, model, sites }: Extract<RoundState, { phase: 'committed' }>,
): Progress {
  const committed = { kind: 'round-committed', round: number, work, baseModel, model } as const;
  if (work === 'evaluate') {
    const completed: JobState = { ...baseOf(state), status: 'completed' };
    return reached(completed, committed, { kind: 'job-completed', model });
  }
  const isLast = number === state.plan.rounds;
  const next = beginRound(state, number + 1, isLast ? 'evaluate' : 'train', model, sites);
  return reached(next, committed);
}

function failJob(state: JobState, reason: JobFailure): Progress {
  return reached({ ...baseOf(state), status: 'failed', reason }, { kind: 'job-failed', reason });
}

function resume(state: JobState, nowMs: number): Progress {
  assert(state.status === 'paused' || state.status === 'failed', 'a stopped job is resumed');
  const running = reached({ ...baseOf(state), status: 'running' }, { kind: 'job-resumed' });
  const continued = andThen(running, (next) =>
    state.status === 'paused' ? postpone(next, nowMs - state.pausedAtMs) : reopen(next, nowMs),
  );
  return andThen(continued, (next) => tick(next, nowMs));
}

function postpone(state: JobState, byMs: number): Progress {
  const { activity } = state;
  if (activity.kind === 'round') return stepCurrentRound(state, { kind: 'postponed', byMs });
  const rollCall = postponed(activity.rollCall, byMs);
  return reached({ ...state, activity: { kind: 'gate', rollCall } });
}

/** Asks again whoever did not pass the gate, or did not answer the round. */
function reopen(state: JobState, nowMs: number): Progress {
  const { activity, plan } = state;
  if (activity.kind === 'round') return stepCurrentRound(state, { kind: 'reopened', nowMs });
  const { sites, answers } = activity.rollCall;
  const passes: Record<string, 'pass'> = {};
  for (const [site, outcome] of Object.entries(answers)) {
    if (outcome === 'pass') passes[site] = outcome;
  }
  const again = openGate(stillTrusted(state, sites), nowMs, plan, passes);
  return reached({ ...state, activity: again });
}

function revoke(
  state: JobState,
  { site, nowMs }: Extract<JobEvent, { kind: 'site-revoked' }>,
): Progress {
  const takesPart = stillTrusted(state, state.plan.invitedSites).includes(site);
  if (isOver(state) || !takesPart) return reached(state);
  const revokedSites = [...state.revokedSites, site];
  const recorded = reached({ ...state, revokedSites }, { kind: 'site-revoked', site });
  const left = andThen(recorded, (next) => leave(next, site));
  return andThen(left, (next) => tick(next, nowMs));
}

function leave(state: JobState, site: string): Progress {
  const { activity } = state;
  if (activity.kind === 'round') return stepCurrentRound(state, { kind: 'site-left', site });
  const rollCall = withoutSite(activity.rollCall, site);
  return reached({ ...state, activity: { kind: 'gate', rollCall } });
}
