import { isPassing } from '@fedvox/protocol';
import { answers } from './answer.js';
import {
  type Action,
  MAX_OUTBOX_ANSWERS,
  type Memory,
  type Note,
  type Step,
} from './machine-types.js';
import { forgetFaults, hasGivenUpOn, heard, rememberAwaiting, rememberFault } from './memory.js';
import { abstain, ask, deliver, go, note } from './moves.js';
import { type DeclineReason, type GateOutcome, roundOf, type Task, taskKey } from './task.js';
import type { WorkFailure, WorkResult } from './trainer.js';

/** Takes a task on, unless it is answered already or past hope. */
export function onTaskOffered(memory: Memory, task: Task): Step {
  const fields = fieldsOf(task);
  const answered = memory.outbox.find((answer) => answers(answer, task));
  if (answered !== undefined) {
    return deliver(memory, answered, note('info', 'task already answered, delivering', fields));
  }
  if (hasGivenUpOn(memory, task)) {
    const line = note('debug', 'still abstaining from this task', fields);
    // What was refused here would be refused again: the others need not wait for it.
    const isOfRound = task.work.kind !== 'check-data';
    return memory.takesDeclines && isOfRound
      ? decline(memory, task, 'trainer-failed', line)
      : abstain(memory, line);
  }
  if (memory.outbox.length >= MAX_OUTBOX_ANSWERS) {
    return abstain(memory, note('warn', 'outbox full, taking on no new work', fields));
  }
  const line = note('info', `${TITLES[task.work.kind]}: taken on`, fields);
  return go(memory, { at: 'fetching', task }, line, { kind: 'fetch', task });
}

/** A person at the site is to know that the average was made without its last update. */
export function withLeftOut({ job, leftOut }: Task, { state, effects }: Step): Step {
  if (leftOut === undefined) return { state, effects };
  const line = note('warn', LEFT_OUT, { job, round: leftOut.round, reason: leftOut.reason });
  return { state, effects: [line, ...effects] };
}

const LEFT_OUT =
  'this site’s update was received, and left out of the average; ask the operator about it';

/** The job and the model are here; `outcome` says whether this site may do the job at all. */
export function onFetched(before: Memory, task: Task, outcome: GateOutcome): Step {
  const memory = rememberAwaiting(before, task.job, outcome === 'awaiting-approval');
  if (outcome === 'pass') return go(memory, { at: 'working', task }, { kind: 'work', task });
  const line =
    outcome === 'awaiting-approval'
      ? note(memory === before ? 'debug' : 'warn', AWAITING, fieldsOf(task))
      : note('error', 'job not done here', { ...fieldsOf(task), outcome });
  return giveUp(memory, task, outcome, line);
}

const AWAITING =
  'the job waits for a person at this site: see `fedvox agent approvals`, or the console';

export function onWorkDone(memory: Memory, task: Task, result: WorkResult): Step {
  if (result.kind === 'checked') {
    const { outcome, validationCases, summary } = result;
    const seen = outcome === 'pass' ? validationCases : null;
    return report(memory, task, outcome, { validationCases: seen, ...(summary && { summary }) });
  }
  const line = note('info', `${TITLES[task.work.kind]}: done`, fieldsOf(task));
  return go(memory, { at: 'storing', task }, line, { kind: 'store', task, result });
}

/** Tries a crashed piece of work again, up to its bound; a named failure would only come again. */
export function onWorkFailed(before: Memory, task: Task, failure: WorkFailure): Step {
  const memory = rememberFault(before, taskKey(task), !failure.retryable);
  const fields = { ...fieldsOf(task), code: failure.code, reason: failure.message };
  if (!hasGivenUpOn(memory, task)) {
    const line = note('warn', `${TITLES[task.work.kind]}: failed, trying again`, fields);
    return go(memory, { at: 'working', task }, line, { kind: 'work', task });
  }
  const line = note('error', `${TITLES[task.work.kind]}: failed`, fields);
  return giveUp(memory, task, failure.reason, line);
}

export function onGateReported(memory: Memory, task: Task, outcome: GateOutcome): Step {
  const line = note('info', 'data gate answered', { job: task.job, outcome });
  const told = heard(forgetFaults(memory, taskKey(task)));
  return isPassing(outcome) ? abstain(told, line) : ask(told, line);
}

export function onDeclined(memory: Memory, task: Task): Step {
  const text = 'work declined; the round does not wait for this site';
  return abstain(heard(memory), note('info', text, fieldsOf(task)));
}

/**
 * Tells the coordinator that this work is not done here, and why; when it asks again, it is tried
 * again. A coordinator that does not know how sites decline is told what it knows, or nothing.
 */
function giveUp(before: Memory, task: Task, reason: DeclineReason, line: Note): Step {
  const memory = forgetFaults(before, taskKey(task));
  if (task.work.kind === 'check-data') {
    if (memory.takesDeclines || !isPassing(reason))
      return report(memory, task, reason, { validationCases: null }, line);
    return abstain(memory, line);
  }
  return memory.takesDeclines
    ? decline(memory, task, reason, line)
    : abstain(rememberFault(memory, taskKey(task), true), line);
}

function decline(memory: Memory, task: Task, reason: DeclineReason, line: Note): Step {
  return go(memory, { at: 'declining', task, reason }, line, { kind: 'decline', task, reason });
}

function report(
  memory: Memory,
  task: Task,
  outcome: GateOutcome,
  seen: Pick<Extract<Action, { kind: 'report-gate' }>, 'validationCases' | 'summary'>,
  ...before: Step['effects']
): Step {
  const now = { at: 'reporting', task, outcome } as const;
  return go(memory, now, ...before, { kind: 'report-gate', task, outcome, ...seen });
}

const TITLES = {
  'check-data': 'data gate',
  train: 'training',
  evaluate: 'evaluation',
} as const;

function fieldsOf(task: Task) {
  return { job: task.job, round: roundOf(task) };
}
