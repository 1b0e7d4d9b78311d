import { describe, expect, it } from 'vitest';
import {
  asking,
  crash,
  gate,
  greeted,
  measured,
  play,
  train,
  unreachable,
  working,
} from '../testing/machine-play.js';
import { type AgentEvent, MAX_WORK_ATTEMPTS } from './machine-types.js';
import type { DeclineReason } from './task.js';

describe('a task with word of the last update', () => {
  it('has the site told that it was left out, and why, and is done all the same', () => {
    const leftOut = { round: 2, reason: 'direction-opposed' } as const;
    const told = play([...asking, { kind: 'task-offered', task: { ...train, leftOut } }]);
    const line = { kind: 'note', level: 'warn', fields: { job: train.job, ...leftOut } };
    expect(told.effects).toContainEqual(expect.objectContaining(line));
    expect(told.does).toContain('fetch');
  });
});

describe('work that fails', () => {
  const crashes = Array.from({ length: MAX_WORK_ATTEMPTS - 1 }, () => crash);
  const failing = (code: string, reason: DeclineReason): AgentEvent => ({
    kind: 'work-failed',
    failure: { code, message: 'it failed', retryable: false, reason },
  });

  it('is tried again after a crash, up to the bound, and then declined', () => {
    expect(play([...working, ...crashes]).does).toEqual(['work']);
    const end = play([...working, ...crashes, crash]);
    expect(end.effects).toContainEqual({ kind: 'decline', task: train, reason: 'trainer-failed' });
    const told = play([...working, ...crashes, crash, { kind: 'declined' }]);
    expect(told.does).toEqual(['stop-beating', 'wait']);
  });

  it('is begun anew when the coordinator asks for it again after a while', () => {
    const again: AgentEvent[] = [{ kind: 'declined' }, { kind: 'wait-over' }];
    const full = [...working, failing('agent/no-disk-space', 'no-disk-space'), ...again];
    expect(play([...full, { kind: 'task-offered', task: train }]).does).toContain('fetch');
  });

  it('is declined although the coordinator was away when it failed', () => {
    const away = [...working, failing('agent/no-disk-space', 'no-disk-space'), unreachable];
    const back: AgentEvent[] = [{ kind: 'wait-over' }, greeted];
    const again = play([...away, ...back, { kind: 'task-offered', task: train }]);
    expect(again.does).toContain('fetch');
  });

  it('is let be where the coordinator does not know how sites decline', () => {
    const older: AgentEvent[] = [{ kind: 'started' }, { ...greeted, takesDeclines: false }];
    const taken = [...older, ...working.slice(asking.length)];
    const end = play([...taken, ...crashes, crash]);
    expect(end.does).toEqual(['stop-beating', 'wait']);
    const offered: AgentEvent[] = [{ kind: 'wait-over' }, { kind: 'task-offered', task: train }];
    expect(play([...taken, ...crashes, crash, ...offered]).at).toBe('abstaining');
  });

  it('is not tried again at once after a named error', () => {
    const end = play([...working, failing('learning/loss-not-finite', 'trainer-failed')]);
    expect(end.does).toEqual(['decline']);
  });

  it('for want of room to store its answer is declined, and done again later', () => {
    const storing = [...working, { kind: 'work-done', result: measured } as const];
    const full = [...storing, failing('agent/no-disk-space', 'no-disk-space')];
    const declined = { kind: 'decline', task: train, reason: 'no-disk-space' };
    expect(play(full).effects).toContainEqual(declined);
  });

  it('at a round that policy forbids is declined by that name', () => {
    const refusing: AgentEvent[] = [...working.slice(0, -1)];
    const end = play([...refusing, { kind: 'fetched', outcome: 'refused-by-policy' }]);
    const declined = { kind: 'decline', task: train, reason: 'refused-by-policy' };
    expect(end.effects).toContainEqual(declined);
  });
});

describe('the data gate, where the work fails,', () => {
  const checking: AgentEvent[] = [
    ...asking,
    { kind: 'task-offered', task: gate },
    { kind: 'fetched', outcome: 'pass' },
  ];
  const failing = (reason: DeclineReason): AgentEvent => ({
    kind: 'work-failed',
    failure: { code: 'x', message: 'it failed', retryable: false, reason },
  });

  it.each(['not-supported', 'no-disk-space'] as const)('is answered %s', (reason) => {
    const end = play([...checking, failing(reason)]);
    const report = { outcome: reason, validationCases: null };
    expect(end.effects).toContainEqual({ kind: 'report-gate', task: gate, ...report });
  });

  it('lets time pass before it asks again, where the reason passes', () => {
    const told = (reason: DeclineReason) =>
      play([...checking, failing(reason), { kind: 'gate-reported' }]).at;
    expect(told('no-disk-space')).toBe('abstaining');
    expect(told('not-supported')).toBe('asking');
  });

  it('is not answered for a reason that passes to a coordinator that has no word for it', () => {
    const older: AgentEvent[] = [{ kind: 'started' }, { ...greeted, takesDeclines: false }];
    const taken = [...older, ...checking.slice(asking.length)];
    expect(play([...taken, failing('no-disk-space')]).at).toBe('abstaining');
    expect(play([...taken, failing('not-supported')]).at).toBe('reporting');
  });
});
