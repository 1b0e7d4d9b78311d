import { describe, expect, it } from 'vitest';
import {
  answer,
  asking,
  delivering,
  gate,
  greeted,
  play,
  refused,
  tooFew,
  train,
  unreachable,
  working,
} from '../testing/machine-play.js';
import {
  type AgentEvent,
  ASKS_BEFORE_NEXT_RENEWAL,
  MAX_HEARTBEAT_INTERVAL_MS,
  MAX_OUTBOX_ANSWERS,
  MAX_RESENDS,
  MAX_WORK_ATTEMPTS,
  MIN_HEARTBEAT_INTERVAL_MS,
} from './machine-types.js';
import type { Task } from './task.js';

describe('the agent machine', () => {
  it('greets, then asks for work', () => {
    expect(play([{ kind: 'started' }]).does).toEqual(['greet']);
    expect(play(asking).does).toEqual(['ask']);
  });

  it('takes a training task through fetch, work, store and delivery, and asks again', () => {
    expect(play(working.slice(0, 3)).does).toEqual(['keep-beating', 'fetch']);
    expect(play(working).does).toEqual(['work']);
    expect(play(delivering.slice(0, -1)).does).toEqual(['store']);
    expect(play(delivering).does).toEqual(['deliver']);
    const end = play([...delivering, { kind: 'delivered' }]);
    expect(end.does).toEqual(['stop-beating', 'ask']);
    expect(end.state.memory.outbox).toEqual([]);
  });

  it('answers the data gate with the outcome alone', () => {
    const end = play([
      ...asking,
      { kind: 'task-offered', task: gate },
      { kind: 'fetched', outcome: 'pass' },
      { kind: 'work-done', result: tooFew },
    ]);
    const report = { outcome: 'too-few-cases', validationCases: null };
    expect(end.effects).toContainEqual({ kind: 'report-gate', task: gate, ...report });
  });

  it('refuses a job at the gate without looking at the data where policy forbids it', () => {
    const end = play([
      ...asking,
      { kind: 'task-offered', task: gate },
      { kind: 'fetched', outcome: 'refused-by-policy' },
    ]);
    expect(end.does).toEqual(['report-gate']);
  });

  it('delivers what an earlier agent left before it asks for new work', () => {
    expect(play(asking, [answer]).does).toEqual(['keep-beating', 'deliver']);
  });

  it('does not train again what its outbox already answers', () => {
    const paused = [...delivering, refused('job-paused')];
    expect(play(paused).does).toEqual(['stop-beating', 'ask']);
    const offered = play([...paused, { kind: 'task-offered', task: train }]);
    expect(offered.does).toEqual(['keep-beating', 'deliver']);
  });

  it('trains anew when the same round is re-opened from another base model', () => {
    const other: Task = {
      ...train,
      work: { kind: 'train', round: 3, baseModel: 'f'.repeat(64) },
    };
    const paused = [...delivering, refused('job-paused')];
    expect(play([...paused, { kind: 'task-offered', task: other }]).does).toContain('fetch');
  });

  it('throws on an event that cannot happen where it stands', () => {
    expect(() => play([...asking, { kind: 'delivered' }])).toThrow('invariant broken');
    expect(() => play([...asking, { kind: 'wait-over' }])).toThrow('invariant broken');
  });
});

describe('while the coordinator is away, the agent', () => {
  it('dials again forever, each miss counted for the back-off', () => {
    const misses: AgentEvent[] = [{ kind: 'started' }];
    for (let miss = 1; miss <= 1000; miss++) misses.push(unreachable, { kind: 'wait-over' });
    const end = play([...misses, unreachable]);
    expect(end.at).toBe('offline');
    expect(end.effects).toContainEqual({ kind: 'wait', why: 'offline', attempt: 1001 });
  });

  it('starts the back-off from its beginning once a question was answered', () => {
    const again: AgentEvent[] = [unreachable, { kind: 'wait-over' }, greeted];
    expect(play([...asking, ...again]).state.memory.misses).toBe(1);
    const answered = [...asking, ...again, { kind: 'idle', renewalDue: false } as const];
    expect(play(answered).state.memory.misses).toBe(0);
  });

  it('goes on training when heartbeats fail, and says so once', () => {
    const missed: AgentEvent = {
      kind: 'heartbeat-failed',
      failure: { kind: 'unreachable', reason: 'gone' },
    };
    const first = play([...working, missed]);
    expect(first.at).toBe('working');
    expect(first.effects.map((effect) => effect.kind)).toEqual(['note']);
    expect(play([...working, missed, missed]).effects).toEqual([]);
  });

  it('keeps a finished answer and delivers it after the next greeting', () => {
    const away = [...delivering, unreachable];
    expect(play(away).does).toEqual(['stop-beating', 'wait']);
    expect(play([...away, { kind: 'wait-over' }, greeted]).does).toEqual([
      'keep-beating',
      'deliver',
    ]);
  });
});

describe('heartbeats', () => {
  it('tell what the agent is doing', () => {
    const beat = play([...working, { kind: 'heartbeat-due' }]);
    expect(beat.effects).toEqual([{ kind: 'beat', job: 'job-1', round: 3, state: 'training' }]);
    const upload = play([...delivering, { kind: 'heartbeat-due' }]);
    expect(upload.effects).toEqual([{ kind: 'beat', job: 'job-1', round: 3, state: 'uploading' }]);
  });

  it('end the training child when the work is no longer wanted', () => {
    const unwanted = {
      kind: 'heartbeat-answered',
      job: 'job-1',
      round: 3,
      stillWanted: false,
    } as const;
    expect(play([...working, unwanted]).does).toEqual(['stop-beating', 'cancel', 'ask']);
  });

  it('come at the coordinator’s interval, within bounds', () => {
    const beatsAt = (heartbeatIntervalMs: number) =>
      play([
        { kind: 'started' },
        { ...greeted, heartbeatIntervalMs } as AgentEvent,
        { kind: 'task-offered', task: train },
      ]).effects[0];
    expect(beatsAt(5_000)).toEqual({ kind: 'keep-beating', everyMs: 5_000 });
    expect(beatsAt(1)).toEqual({ kind: 'keep-beating', everyMs: MIN_HEARTBEAT_INTERVAL_MS });
    expect(beatsAt(2 ** 32 - 1)).toEqual({
      kind: 'keep-beating',
      everyMs: MAX_HEARTBEAT_INTERVAL_MS,
    });
  });

  it('about earlier work change nothing', () => {
    const late = {
      kind: 'heartbeat-answered',
      job: 'job-1',
      round: 2,
      stillWanted: false,
    } as const;
    expect(play([...working, late]).at).toBe('working');
    expect(play([...asking, late]).at).toBe('asking');
  });

  it('stop the agent when its certificate was revoked', () => {
    const revoked: AgentEvent = {
      kind: 'heartbeat-failed',
      failure: { kind: 'refused', code: 'revoked' },
    };
    const end = play([...working, revoked]);
    expect(end.does).toEqual(['stop-beating', 'cancel', 'halt']);
  });
});

describe('a refusal by the coordinator is handled by name:', () => {
  it.each(['stale-round', 'round-closed', 'unknown-job', 'not-invited'])(
    '%s drops the answer and asks for the next task',
    (code) => {
      const end = play([...delivering, refused(code)]);
      expect(end.does).toEqual(['stop-beating', 'drop', 'ask']);
      expect(end.state.memory.outbox).toEqual([]);
    },
  );

  it('that comes for every answer to one task ends in abstaining, not in training forever', () => {
    const round: AgentEvent[] = [...delivering.slice(asking.length), refused('stale-round')];
    const rounds = Array.from({ length: MAX_WORK_ATTEMPTS }, () => round).flat();
    const end = play([...asking, ...rounds, { kind: 'task-offered', task: train }]);
    expect(end.does).toContain('decline');
  });

  it('replayed-statement fetches the receipt', () => {
    expect(play([...delivering, refused('replayed-statement')]).does).toEqual(['collect-receipt']);
  });

  it.each(['counter-not-increasing', 'bad-signature'])('%s signs the answer again', (code) => {
    const signedAgain = { ...answer, statement: '9'.repeat(64) };
    const events = [...delivering, refused(code)];
    expect(play(events).does).toEqual(['sign-again']);
    const end = play([...events, { kind: 'answer-signed-again', answer: signedAgain }]);
    expect(end.does).toEqual(['deliver']);
    expect(end.state.memory.outbox).toEqual([signedAgain]);
  });

  it.each(['upload-unknown', 'delta-truncated', 'delta-digest-mismatch'])(
    '%s sends the bytes again, up to the bound, and then keeps them',
    (code) => {
      const tries = Array.from({ length: MAX_RESENDS }, () => refused(code));
      expect(play([...delivering, ...tries]).does).toEqual(['deliver']);
      const end = play([...delivering, ...tries, refused(code)]);
      expect(end.at).toBe('abstaining');
      expect(end.state.memory.outbox).toEqual([answer]);
    },
  );

  it('delta-not-finite declines the task instead of training for nothing, however often it comes', () => {
    const faulty = [...delivering, refused('delta-not-finite')];
    expect(play(faulty).does).toEqual(['stop-beating', 'drop', 'ask']);
    const offered: AgentEvent[] = [...faulty, { kind: 'task-offered', task: train }];
    const declined = { kind: 'decline', task: train, reason: 'trainer-failed' };
    expect(play(offered).effects).toContainEqual(declined);
    const again: AgentEvent[] = [{ kind: 'declined' }, { kind: 'wait-over' }];
    const twice = play([...offered, ...again, { kind: 'task-offered', task: train }]);
    expect(twice.effects).toContainEqual(declined);
  });

  it.each(['revoked', 'protocol-too-old', 'wrong-role', 'wrong-site'])(
    '%s stops the agent with its reason',
    (code) => {
      const end = play([{ kind: 'started' }, refused(code)]);
      expect(end.effects).toContainEqual({ kind: 'halt', reason: { kind: 'refused', code } });
      expect(play([...delivering, refused(code)]).at).toBe('stopped');
    },
  );
});

describe('an answer whose delta was spoilt on the disk', () => {
  it('is dropped, so that its task is done again', () => {
    const spoilt = [...delivering, { kind: 'answer-spoilt' } as const];
    expect(play(spoilt).does).toEqual(['stop-beating', 'drop', 'ask']);
    expect(play([...spoilt, { kind: 'task-offered', task: train }]).does).toContain('fetch');
  });
});

describe('the outbox', () => {
  it('takes on no new work when it is full', () => {
    const full = Array.from({ length: MAX_OUTBOX_ANSWERS }, (_, index) => ({
      ...answer,
      job: `job-${index + 10}`,
      task: `job-${index + 10}/3/train`,
      statement: index.toString(16).padStart(64, '0'),
    }));
    const paused = full.map(() => refused('job-paused'));
    const end = play([...asking, ...paused, { kind: 'task-offered', task: train }], full);
    expect(end.at).toBe('abstaining');
    expect(end.state.memory.outbox).toHaveLength(MAX_OUTBOX_ANSWERS);
  });
});

describe('the certificate', () => {
  it('is renewed as soon as it is due, and the agent dials with the new one', () => {
    const due = { ...greeted, renewalDue: true } as AgentEvent;
    expect(play([{ kind: 'started' }, due]).does).toEqual(['renew']);
    expect(play([{ kind: 'started' }, due, { kind: 'renewed' }]).does).toEqual(['greet']);
    expect(play([...asking, { kind: 'idle', renewalDue: true }]).does).toEqual(['renew']);
  });

  it('that could not be renewed does not keep the site from working', () => {
    const due = { ...greeted, renewalDue: true } as AgentEvent;
    const refusedOnce = [{ kind: 'started' }, due, refused('request-invalid')] as const;
    expect(play(refusedOnce).does).toEqual(['ask']);
    const idle: AgentEvent = { kind: 'idle', renewalDue: true };
    expect(play([...refusedOnce, idle]).does).toEqual(['ask']);
    const later = Array.from({ length: ASKS_BEFORE_NEXT_RENEWAL + 1 }, () => idle);
    expect(play([...refusedOnce, ...later]).does).toEqual(['renew']);
    const broken: AgentEvent[] = [{ kind: 'started' }, due, unreachable, { kind: 'wait-over' }];
    expect(play([...broken, due]).does).toEqual(['ask']);
  });

  it('is renewed only after what waits in the outbox was offered', () => {
    const due = { ...greeted, renewalDue: true } as AgentEvent;
    expect(play([{ kind: 'started' }, due], [answer]).does).toContain('deliver');
  });
});

describe('a request to stop', () => {
  it('ends whatever runs, keeps the outbox, and lets nothing follow', () => {
    const end = play([...working, { kind: 'stop-requested' }]);
    expect(end.does).toEqual(['stop-beating', 'cancel', 'halt']);
    const late = play([...working, { kind: 'stop-requested' }, { kind: 'heartbeat-due' }]);
    expect(late.effects).toEqual([]);
  });
});
