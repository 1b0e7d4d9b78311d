import { fail } from '../errors.js';
import { orderedBy } from './facts.js';
import { isOver, type JobEvent, type JobState } from './job-state.js';
import { updateOf } from './roll-call.js';
import { isUndecided } from './round-machine.js';
import { overruled } from './verdict.js';

/** What an operator can tell a job to do. */
export const ORDERS = ['pause', 'resume', 'abort'] as const;
export type Order = (typeof ORDERS)[number];

/**
 * What an operator's order means for a job in this state.
 * @param by the operator's name
 * @throws FedvoxError `coordinator/job-over`, `job-not-running`, `job-not-stopped`
 */
export function eventOfOrder(order: Order, state: JobState, nowMs: number, by?: string): JobEvent {
  const ordered = orderedBy(by);
  const job = state.plan.jobId;
  const { status } = state;
  if (isOver(state)) throw fail('job-over', { job, status });
  switch (order) {
    case 'pause':
      if (status !== 'running') throw fail('job-not-running', { job, status });
      return { kind: 'paused', nowMs, ...ordered };
    case 'resume':
      if (status === 'running') throw fail('job-not-stopped', { job, status });
      return { kind: 'resumed', nowMs, ...ordered };
    case 'abort':
      return { kind: 'aborted', ...ordered };
  }
}

/** What an operator can say of an update of the present round. */
export const UPDATE_ORDERS = ['release', 'quarantine'] as const;
export type UpdateOrder = (typeof UPDATE_ORDERS)[number];

/** Which update an operator means. */
export interface UpdateName {
  readonly round: number;
  readonly site: string;
}

/**
 * What an operator's word about an update means for a job in this state: `release` has it averaged,
 * `quarantine` leaves it out, whatever the firewall finds. Null where it is so already.
 * @param by the operator's name
 * @throws FedvoxError `coordinator/job-over`, `no-such-update`, `round-decided`
 */
export function eventOfUpdateOrder(
  order: UpdateOrder,
  { round, site }: UpdateName,
  state: JobState,
  by: string,
  nowMs: number,
): JobEvent | null {
  const job = state.plan.jobId;
  if (isOver(state)) throw fail('job-over', { job, status: state.status });
  const current = state.activity.kind === 'gate' ? null : state.activity.round;
  if (current === null || current.number < round || current.phase === 'pending') {
    throw fail('no-such-update', { job, round, site });
  }
  if (current.number > round || !isUndecided(current)) throw fail('round-decided', { job, round });
  const answer = updateOf(current.rollCall, site);
  if (answer === null || current.work === 'evaluate') {
    throw fail('no-such-update', { job, round, site });
  }
  const reason = order === 'release' ? null : 'by-operator';
  const before = answer.verdict;
  const isSo =
    before !== undefined && before.by !== null && (before.reason === null) === (reason === null);
  if (isSo) return null;
  return { kind: 'overruled', verdict: { site, ...overruled(before, reason, by) }, nowMs };
}
