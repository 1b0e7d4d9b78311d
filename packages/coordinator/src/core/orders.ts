import { fail } from '../errors.js';
import { orderedBy } from './facts.js';
import { isOver, type JobEvent, type JobState } from './job-state.js';

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
