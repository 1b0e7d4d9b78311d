import { describe, expect, it } from 'vitest';
import { greeted, measured, train, unreachable, working } from '../testing/machine-play.js';
import { newAgent, step } from './agent-machine.js';
import type { AgentEvent } from './machine-types.js';
import { type Whereabouts, whereaboutsAfter, whereaboutsAtStart } from './whereabouts.js';

/** One event a second, from second 1 on. */
function after(events: readonly AgentEvent[]): Whereabouts {
  let state = newAgent([]);
  return events.reduce((where, event, index) => {
    state = step(state, event).state;
    return whereaboutsAfter(where, event, state, (index + 1) * 1_000);
  }, whereaboutsAtStart(0));
}
const beatFailed: AgentEvent = {
  kind: 'heartbeat-failed',
  failure: { kind: 'unreachable', reason: 'connection reset' },
};

describe('where an agent is', () => {
  it('is connected since it was greeted, whatever it does from then on', () => {
    const { line, doing } = after(working);
    expect(line).toEqual({ state: 'connected', sinceMs: 2_000, failure: null });
    const about = { job: train.job, round: 3, work: 'train', progress: null };
    expect(doing).toEqual({ at: 'working', sinceMs: working.length * 1_000, ...about });
  });

  it('is away with the reason, through every attempt, until somebody answers', () => {
    const lost: AgentEvent[] = [{ kind: 'started' }, unreachable];
    const away = { state: 'away', sinceMs: 2_000, failure: 'connection refused' };
    expect(after(lost).line).toEqual(away);
    expect(after([...lost, { kind: 'wait-over' }]).line).toEqual(away);
    expect(after([...lost, { kind: 'wait-over' }, greeted]).line).toEqual({
      ...{ state: 'connected', sinceMs: 4_000, failure: null },
    });
  });

  it('is at the same work all the while that heartbeats fail and are answered again', () => {
    const missed = after([...working, { kind: 'heartbeat-due' }, beatFailed]);
    expect(missed.line).toMatchObject({ state: 'away', failure: 'connection reset' });
    expect(missed.doing.sinceMs).toBe(working.length * 1_000);
    const done = after([...working, { kind: 'work-done', result: measured }]);
    expect(done.doing).toMatchObject({ at: 'storing', round: 3, progress: null });
  });
});
