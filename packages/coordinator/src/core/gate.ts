import { assert } from '@fedvox/base';
import { type GateOutcome, isPassing } from '@fedvox/protocol';
import type { JobEvent, JobState } from './job-state.js';
import { andThen, beginRound, failJob, type Progress, reached } from './progress.js';
import {
  isAskedAtGate,
  passedSites,
  passesOnly,
  trustedSites,
  unansweredSites,
} from './standing.js';

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
  return openGate({ ...state, gateOutcomes: passesOnly(state.gateOutcomes) }, nowMs);
}

export function reportGate(
  state: JobState,
  event: Extract<JobEvent, { kind: 'gate-reported' }>,
): Progress {
  const { site, outcome, figures, nowMs } = event;
  assert(state.status === 'running', 'the job is under way');
  assert(isAskedAtGate(state, site, nowMs), 'only a site that is asked answers the gate');
  const told = withOutcome(state, site, outcome, event.askAgainAtMs);
  const figuresOutlooks =
    figures === null ? told.figuresOutlooks : { ...told.figuresOutlooks, [site]: figures };
  const reported = { ...told, figuresOutlooks };
  return reached(reported, { kind: 'gate-reported', site, outcome, figures });
}

export function withOutcome(
  state: JobState,
  site: string,
  outcome: GateOutcome,
  askAgainAtMs: number,
): JobState {
  const { [site]: _, ...others } = state.askAgainAtMs;
  return {
    ...state,
    gateOutcomes: { ...state.gateOutcomes, [site]: outcome },
    askAgainAtMs: isPassing(outcome) ? { ...others, [site]: askAgainAtMs } : others,
  };
}

/** The site is asked again at once. */
export function withoutOutcome(state: JobState, site: string): JobState {
  const { [site]: _, ...gateOutcomes } = state.gateOutcomes;
  return { ...state, gateOutcomes };
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
): Progress {
  assert(state.activity.kind === 'gate', 'the job is at its gate');
  const passed = passedSites(state);
  const unanswered = unansweredSites(state);
  const isTimeUp = nowMs >= state.activity.deadlineAtMs;
  if (passed.length >= state.plan.minSites) {
    return unanswered.length === 0 || isTimeUp ? enterFirstRound(state, passed) : reached(state);
  }
  if (mayStillSuffice(state) && (!isTimeUp || away === null)) return reached(state);
  if (isWorthWaiting(state, nowMs, away ?? [])) return extend(state, nowMs);
  return andThen(closed(state, passed), (next) => failJob(next, 'gate-not-passed'));
}

/** Somebody may still pass: has not answered, is asked again, or enrols. */
function mayStillSuffice(state: JobState): boolean {
  const trusted = trustedSites(state);
  if (trusted.length < state.plan.minSites) return true;
  return trusted.some((site) => {
    const outcome = state.gateOutcomes[site];
    return outcome === undefined || isPassing(outcome);
  });
}

/** Sites at work are waited for; those that failed for a reason that passes, as long as a round is. */
function isWorthWaiting(state: JobState, nowMs: number, away: readonly string[]): boolean {
  assert(state.activity.kind === 'gate', 'the job is at its gate');
  const isWithinDeadline = nowMs < state.activity.openedAtMs + state.plan.deadlineMs;
  return trustedSites(state).some((site) => {
    const outcome = state.gateOutcomes[site];
    const isOpen = outcome === undefined || (isPassing(outcome) && isWithinDeadline);
    return isOpen && !away.includes(site);
  });
}

function extend(state: JobState, nowMs: number): Progress {
  assert(state.activity.kind === 'gate', 'the job is at its gate');
  const deadlineAtMs = nowMs + state.plan.gateMs;
  const activity = { ...state.activity, deadlineAtMs };
  return reached({ ...state, activity }, { kind: 'gate-extended', deadlineAtMs });
}

const closed = (state: JobState, passed: readonly string[]) =>
  reached(state, { kind: 'gate-closed', passed });

function enterFirstRound(state: JobState, passed: readonly string[]): Progress {
  const { figuresOutlooks, plan } = state;
  const allWithhold = passed.every((site) => figuresOutlooks[site] === 'withheld');
  const withheld = allWithhold ? [{ kind: 'figures-withheld', sites: passed } as const] : [];
  const first = beginRound(state, 1, 'train', { model: plan.initialModel, serverState: null });
  return andThen(closed(state, passed), () => reached(first, ...withheld));
}
