import type { Sha256 } from '@fedvox/base';
import type { DataSummary } from '@fedvox/job';
import type { Answer } from './answer.js';
import type { DeclineReason, GateOutcome, SiteState, Task } from './task.js';
import type { WorkFailure, WorkResult } from './trainer.js';

/** Where the agent stands. `agent-machine.md` has the diagram. */
export type Now =
  | { readonly at: 'new' }
  /** Waits, then dials again. */
  | { readonly at: 'offline' }
  | { readonly at: 'greeting' }
  | { readonly at: 'renewing' }
  | { readonly at: 'asking' }
  /** Has nothing it may do for the task on offer: waits, then asks again. */
  | { readonly at: 'abstaining' }
  | { readonly at: 'fetching'; readonly task: Task }
  | { readonly at: 'working'; readonly task: Task }
  /** Signs the answer and makes it durable, before any of it is sent. */
  | { readonly at: 'storing'; readonly task: Task }
  | { readonly at: 'reporting'; readonly task: Task; readonly outcome: GateOutcome }
  /** Tells that it cannot do a round's work. */
  | { readonly at: 'declining'; readonly task: Task; readonly reason: DeclineReason }
  | { readonly at: 'delivering'; readonly answer: Answer; readonly resends: number }
  | { readonly at: 'stopped'; readonly reason: StopReason };

export type StopReason =
  | { readonly kind: 'requested' }
  /** The coordinator refused in a way that only a person can mend. */
  | { readonly kind: 'refused'; readonly code: string };

/** What the agent carries from one place to the next. */
export interface Memory {
  /** Answers without a stored receipt, oldest first; at most `MAX_OUTBOX_ANSWERS`. */
  readonly outbox: readonly Answer[];
  /** Answers of the outbox not to be offered again on this connection, by statement. */
  readonly setAside: readonly Sha256[];
  /** Failed attempts by task key, most recent last; at most `MAX_FAULTS_REMEMBERED`. */
  readonly faults: readonly { readonly task: string; readonly count: number }[];
  /** Calls that failed in a row: how far the back-off has come. */
  readonly misses: number;
  /** Questions to ask before a renewal that failed is tried again; 0 when there was none. */
  readonly asksBeforeRenewal: number;
  readonly heartbeatIntervalMs: number;
  /** Whether the coordinator knows what declining is; an older one does not. */
  readonly takesDeclines: boolean;
  /** Jobs that wait for a person at the site, oldest first; at most `MAX_AWAITING`. */
  readonly awaiting: readonly string[];
  /** Whether the last heartbeat went unanswered. */
  readonly beatMissed: boolean;
}

export interface AgentState {
  readonly now: Now;
  readonly memory: Memory;
}

/** Why a call to the coordinator did not succeed. */
export type FailedCall =
  | { readonly kind: 'unreachable'; readonly reason: string }
  /** One of the protocol's named refusals, or this side's own, with its reason in words. */
  | { readonly kind: 'refused'; readonly code: string; readonly reason?: string };

export type AgentEvent =
  | { readonly kind: 'started' }
  | { readonly kind: 'wait-over' }
  | {
      readonly kind: 'greeted';
      readonly heartbeatIntervalMs: number;
      readonly takesDeclines: boolean;
      readonly renewalDue: boolean;
    }
  | { readonly kind: 'renewed' }
  | { readonly kind: 'idle'; readonly renewalDue: boolean }
  | { readonly kind: 'task-offered'; readonly task: Task }
  /** The job and the model are here and verified; `outcome` is `pass` if the site may do the job. */
  | { readonly kind: 'fetched'; readonly outcome: GateOutcome }
  | { readonly kind: 'work-done'; readonly result: WorkResult }
  | { readonly kind: 'work-failed'; readonly failure: WorkFailure }
  | { readonly kind: 'answer-stored'; readonly answer: Answer }
  | { readonly kind: 'answer-signed-again'; readonly answer: Answer }
  | { readonly kind: 'delivered' }
  /** The delta in the outbox is not what was signed any more. */
  | { readonly kind: 'answer-spoilt' }
  | { readonly kind: 'gate-reported' }
  | { readonly kind: 'declined' }
  | { readonly kind: 'call-failed'; readonly failure: FailedCall }
  | { readonly kind: 'heartbeat-due' }
  | {
      readonly kind: 'heartbeat-answered';
      readonly job: string;
      readonly round: number;
      readonly stillWanted: boolean;
    }
  | { readonly kind: 'heartbeat-failed'; readonly failure: FailedCall }
  | { readonly kind: 'stop-requested' };

/** What the shell is to do, in the order given. */
export type Effect = Action | Beat | Immediate | Note;

/** Takes its time and answers with one event. There is never more than one under way. */
export type Action =
  | { readonly kind: 'greet' }
  | { readonly kind: 'renew' }
  | { readonly kind: 'ask' }
  | { readonly kind: 'wait'; readonly why: 'offline'; readonly attempt: number }
  | { readonly kind: 'wait'; readonly why: 'abstaining' }
  | { readonly kind: 'fetch'; readonly task: Task }
  | { readonly kind: 'work'; readonly task: Task }
  | { readonly kind: 'store'; readonly task: Task; readonly result: WorkResult }
  /** `validationCases` is what policy judges figures by; null where the data was not looked at. */
  | {
      readonly kind: 'report-gate';
      readonly task: Task;
      readonly outcome: GateOutcome;
      readonly validationCases: number | null;
      readonly summary?: DataSummary;
    }
  | { readonly kind: 'decline'; readonly task: Task; readonly reason: DeclineReason }
  | { readonly kind: 'deliver'; readonly answer: Answer }
  | { readonly kind: 'collect-receipt'; readonly answer: Answer }
  | { readonly kind: 'sign-again'; readonly answer: Answer };

/** Done at once, and answered by no event. */
export type Immediate =
  /** Ends the action under way; it answers with no event then. */
  | { readonly kind: 'cancel' }
  | { readonly kind: 'drop'; readonly answer: Answer }
  | { readonly kind: 'keep-beating'; readonly everyMs: number }
  | { readonly kind: 'stop-beating' }
  | { readonly kind: 'halt'; readonly reason: StopReason };

/** Runs beside the action and answers with `heartbeat-answered` or `heartbeat-failed`. */
export interface Beat {
  readonly kind: 'beat';
  readonly job: string;
  readonly round: number;
  readonly state: SiteState;
}

/** A line for the site's own log. Never sent. */
export interface Note {
  readonly kind: 'note';
  readonly level: 'debug' | 'info' | 'warn' | 'error';
  readonly text: string;
  readonly fields: Readonly<Record<string, string | number>>;
}

export interface Step {
  readonly state: AgentState;
  readonly effects: readonly Effect[];
}

/** Answers of paused jobs may wait in the outbox; beyond this many the site takes on no new work. */
export const MAX_OUTBOX_ANSWERS = 16;
/** How often one answer is sent again on one connection before the agent lets time pass. */
export const MAX_RESENDS = 3;
/** How often one task is attempted before the agent abstains from it. */
export const MAX_WORK_ATTEMPTS = 3;
export const MAX_FAULTS_REMEMBERED = 64;
export const MAX_AWAITING = 64;
/** The agent works on with a certificate that it could not renew, and tries again after this long. */
export const ASKS_BEFORE_NEXT_RENEWAL = 100;
/** The coordinator chooses the interval between heartbeats within these bounds. */
export const MIN_HEARTBEAT_INTERVAL_MS = 20;
export const MAX_HEARTBEAT_INTERVAL_MS = 600_000;
