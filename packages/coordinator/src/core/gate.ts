import { assert } from '@fedvox/base';
import { type GateOutcome, isPassing } from '@fedvox/protocol';
import type { JobEvent, JobState } from './job-state.js';
import { askedAnew, withMember } from './member.js';
import { isAskedAtGate, passedSites, trainingMembers } from './standing.js';
import { taskOf } from './tasks.js';
import { andThen, beginRound, failJob, reached, type Transition } from './transition.js';

/**
 * The data gate. It is a job's first activity; sites that did not pass while it lasted are asked
 * beside the rounds, and those that pass then join the next one.
 */
export function openGate(state: JobState, nowMs: number): JobState {
  const deadlineAtMs = nowMs + state.plan.gateMs;
  return { ...state, activity: { kind: 'gate', openedAtMs: nowMs, deadlineAtMs } };
}

/** Asks again whoever did not pass. */
export function reopenGate(state: JobState, nowMs: number): JobState {
  return openGate({ ...state, members: askedAnew(state.members) }, nowMs);
}

export function reportGate(
  state: JobState,
  event: Extract<JobEvent, { kind: 'gate-reported' }>,
): Transition {
  const { site, outcome, figures, summary, nowMs } = event;
  assert(state.status === 'running', 'the job is under way');
  assert(isAskedAtGate(state, site, nowMs), 'only a site that is asked answers the gate');
  const told = withOutcome(state, site, outcome, event.askAgainAtMs);
  const reported = figures === null ? told : withMember(told, site, { figures });
  const said = { outcome, figures, ...(summary && { summary }) };
  return reached(reported, { kind: 'gate-reported', site, ...said });
}

/** Answers for a site that is not capable of the job's work, so that nothing waits for it. */
export function answerForLacking(
  state: JobState,
  { site, lacks, nowMs }: Extract<JobEvent, { kind: 'site-lacks' }>,
): Transition {
  assert(taskOf(state, site, nowMs) !== null, 'what a site lacks matters where it has a task');
  const answer = { outcome: 'not-supported', askAgainAtMs: null, lacks } as const;
  return reached(withMember(state, site, answer), { kind: 'site-lacks', site, lacks });
}

export function withOutcome(
  state: JobState,
  site: string,
  outcome: GateOutcome,
  askAgainAtMs: number | null,
): JobState {
  const again = isPassing(outcome) ? askAgainAtMs : null;
  return withMember(state, site, { outcome, askAgainAtMs: again, lacks: null });
}

/**
 * Closes the gate once it is over: with enough sites the first round begins, without them the job
 * fails; but it waits on for sites that are at work, be it on another job.
 * @param away sites of which nothing was heard lately; null where nobody looked, and then no job fails
 *   for want of time
 */
export function settleGate(
  state: JobState,
  nowMs: number,
  away: readonly string[] | null,
): Transition {
  assert(state.activity.kind === 'gate', 'the job is at its gate');
  const { plan, activity } = state;
  const members = trainingMembers(state);
  const isTimeUp = nowMs >= activity.deadlineAtMs;
  if (members.count('passed') >= plan.minSites) {
    return members.count('asked') === 0 || isTimeUp ? enterFirstRound(state) : reached(state);
  }
  if (mayStillSuffice(state) && (!isTimeUp || away === null)) return reached(state);
  if (isWorthWaiting(state, nowMs, new Set(away))) return extend(state, nowMs);
  return andThen(closed(state), (next) => failJob(next, 'gate-not-passed'));
}

/** Somebody may still pass: has not answered, is asked again, or enrols. */
function mayStillSuffice(state: JobState): boolean {
  const { plan } = state;
  const members = trainingMembers(state);
  const isFull = members.sites.length - members.count('revoked') >= plan.minSites;
  return !isFull || members.count('asked', 'asked-again') > 0;
}

/** Sites at work are waited for; those that failed for a reason that passes, as long as a round is. */
function isWorthWaiting(state: JobState, nowMs: number, away: ReadonlySet<string>): boolean {
  assert(state.activity.kind === 'gate', 'the job is at its gate');
  const isWithinDeadline = nowMs < state.activity.openedAtMs + state.plan.deadlineMs;
  const open = trainingMembers(state).sitesOf(
    'asked',
    ...(isWithinDeadline ? ['asked-again' as const] : []),
  );
  return open.some((site) => !away.has(site));
}

function extend(state: JobState, nowMs: number): Transition {
  assert(state.activity.kind === 'gate', 'the job is at its gate');
  const deadlineAtMs = nowMs + state.plan.gateMs;
  const activity = { ...state.activity, deadlineAtMs };
  return reached({ ...state, activity }, { kind: 'gate-extended', deadlineAtMs });
}

const closed = (state: JobState) =>
  reached(state, { kind: 'gate-closed', passed: passedSites(state) });

function enterFirstRound(state: JobState): Transition {
  const { members, plan } = state;
  const passed = passedSites(state);
  const allWithhold = passed.every((site) => members.get(site)?.figures === 'withheld');
  const withheld = allWithhold ? [{ kind: 'figures-withheld', sites: passed } as const] : [];
  const first = beginRound(state, 1, 'train', { model: plan.initialModel, serverState: null });
  return andThen(closed(state), () => reached(first, ...withheld));
}
