import { describe, expect, it } from 'vitest';
import { asking, crash, measured, train, working } from '../testing/machine-play.js';
import { newAgent, step } from './agent-machine.js';
import { chronicleAfter, chronicleOfProgress, NO_CHRONICLE } from './chronicle.js';
import type { DiaryNews } from './diary-entry.js';
import type { AgentEvent } from './machine-types.js';
import type { WorkProgress } from './trainer.js';

const about = { job: train.job, round: 3 };
const begun = { kind: 'work-begun', ...about, work: 'train', jobDigest: train.jobDigest };
const ended = (end: string) => ({ kind: 'work-ended', ...about, work: 'train', end });
const batch = (epoch: number, done: number, loss: number): WorkProgress => ({
  ...{ phase: 'training', done, total: 2, epoch, epochs: 2, loss },
});

/** What is written down of what happens: events of the machine, and progress in between. */
function written(happenings: readonly (AgentEvent | WorkProgress)[]): DiaryNews[] {
  let state = newAgent([]);
  let chronicle = NO_CHRONICLE;
  return happenings.flatMap((happening) => {
    const told =
      'phase' in happening
        ? chronicleOfProgress(
            chronicle,
            'task' in state.now ? state.now.task : undefined,
            happening,
          )
        : stepped(happening);
    chronicle = told.chronicle;
    return told.news;
  });
  function stepped(event: AgentEvent) {
    const before = state;
    state = step(before, event).state;
    return chronicleAfter(chronicle, before, event, state);
  }
}

describe('what the diary says of work', () => {
  it('is its beginning, each epoch with the mean loss of its batches, and its end', () => {
    const news = written([
      ...working,
      batch(1, 1, 0.9),
      batch(1, 2, 0.7),
      batch(2, 1, 0.5),
      batch(2, 2, 0.25),
      { kind: 'work-done', result: measured },
    ]);
    expect(news).toMatchObject([
      begun,
      { kind: 'epoch', ...about, epoch: 1, epochs: 2, loss: 0.8 },
      { kind: 'epoch', ...about, epoch: 2, epochs: 2, loss: 0.375 },
      ended('done'),
    ]);
  });

  it('is begun again after a crash, and what the crash cut off of an epoch is not added to the next', () => {
    const news = written([...working, batch(1, 1, 8), crash, batch(1, 1, 0.5), batch(1, 2, 0.25)]);
    const end = written([
      ...[...working, batch(1, 1, 8), crash, batch(1, 1, 0.5), batch(1, 2, 0.25)],
      { kind: 'stop-requested' },
    ]);
    expect(news).toMatchObject([begun, { epoch: 1, loss: 8 }, ended('failed'), begun]);
    expect(end.slice(4)).toMatchObject([
      { epoch: 1, loss: 0.375 },
      ended('stopped'),
      { kind: 'agent-stopped', refusal: null },
    ]);
  });

  it('goes on through heartbeats, and ends where nobody wants it any more', () => {
    const beat = { kind: 'heartbeat-answered', ...about } as const;
    const news = written([
      ...working,
      batch(1, 1, 0.5),
      { kind: 'heartbeat-due' },
      { ...beat, stillWanted: true },
      batch(1, 2, 0.25),
      { ...beat, stillWanted: false },
    ]);
    expect(news).toMatchObject([begun, { epoch: 1, loss: 0.375 }, ended('unwanted')]);
  });

  it('is nothing while the agent only asks', () => {
    const idle: AgentEvent = { kind: 'idle', renewalDue: false };
    expect(written([...asking, idle, idle])).toEqual([]);
  });
});
