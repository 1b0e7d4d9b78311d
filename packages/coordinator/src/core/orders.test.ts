import { sha256 } from '@fedvox/base';
import { describe, expect, it } from 'vitest';
import { step, submitJob } from './job-machine.js';
import type { JobState } from './job-state.js';
import { eventOfOrder, type Order } from './orders.js';

const plan = {
  jobId: 'job',
  rounds: 1,
  minSites: 1,
  deadlineMs: 1_000,
  invitedSites: ['north'],
  initialModel: sha256('model'),
};
const running = submitJob(plan, 0).state;
const given = (state: JobState, order: Order) => step(state, eventOfOrder(order, state, 0)).state;

describe('an operator’s order', () => {
  it('is refused by name where it makes no sense', () => {
    const paused = given(running, 'pause');
    const aborted = given(paused, 'abort');
    expect(() => given(paused, 'pause')).toThrow('only a running job can be paused');
    expect(() => given(running, 'resume')).toThrow('only a paused or failed job can be resumed');
    expect(() => given(aborted, 'resume')).toThrow('job job is aborted already');
  });

  it('is carried out by the machine where it does', () => {
    expect(given(given(running, 'pause'), 'resume')).toEqual(running);
    const failed = step(running, { kind: 'tick', nowMs: 1_000, away: ['north'] }).state;
    expect(failed.status).toBe('failed');
    expect(given(failed, 'resume').status).toBe('running');
    expect(given(failed, 'abort').status).toBe('aborted');
  });
});
