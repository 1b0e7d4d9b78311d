import { sha256, VirtualClock } from '@fedvox/base';
import { silentLogger } from '@fedvox/base/system';
import type { Task } from '@fedvox/protocol';
import { beforeEach, describe, expect, it } from 'vitest';
import { newAgent } from '../core/agent-machine.js';
import type { AgentEvent, Beat } from '../core/machine-types.js';
import { AgentShell, type SiteActions } from './agent-shell.js';

const HEARTBEAT_INTERVAL_MS = 20_000;
const TASK: Task = {
  job: 'lesion-1',
  jobDigest: sha256('job'),
  work: { kind: 'train', round: 1, baseModel: sha256('base') },
};

let clock: VirtualClock;
beforeEach(() => {
  clock = new VirtualClock();
});

/** An agent that is offered one task and works on it for as long as it is let. */
function agentAtWork(answerTo: (beat: Beat) => Promise<AgentEvent>): AgentShell {
  const actions: SiteActions = {
    perform: async ({ kind }, signal) => {
      switch (kind) {
        case 'greet':
          return {
            kind: 'greeted',
            heartbeatIntervalMs: HEARTBEAT_INTERVAL_MS,
            takesDeclines: true,
            renewalDue: false,
          };
        case 'ask':
          return { kind: 'task-offered', task: TASK };
        case 'fetch':
          return { kind: 'fetched', outcome: 'pass' };
        default:
          return new Promise((_, reject) =>
            signal.addEventListener('abort', () => reject(signal.reason)),
          );
      }
    },
    beat: answerTo,
    drop: async () => undefined,
  };
  return new AgentShell(newAgent([]), actions, clock, silentLogger());
}

describe('an agent at work', () => {
  it('beats at the interval that the coordinator chose, and no more once it is stopped', async () => {
    const beats: number[] = [];
    const shell = agentAtWork(async ({ job, round }) => {
      beats.push(clock.nowMs());
      return { kind: 'heartbeat-answered', job, round, stillWanted: true };
    });
    const running = shell.run();
    await clock.advance(3.5 * HEARTBEAT_INTERVAL_MS);
    expect(beats).toEqual([20_000, 40_000, 60_000]);
    shell.stop();
    await expect(running).resolves.toEqual({ kind: 'requested' });
    expect(clock.waiting).toBe(0);
  });

  it('lets a heartbeat that is still unanswered when the next is due stand for both', async () => {
    const answers: (() => void)[] = [];
    const shell = agentAtWork(
      ({ job, round }) =>
        new Promise((resolve) =>
          answers.push(() =>
            resolve({ kind: 'heartbeat-answered', job, round, stillWanted: true }),
          ),
        ),
    );
    const running = shell.run();
    await clock.advance(3.5 * HEARTBEAT_INTERVAL_MS);
    expect(answers).toHaveLength(1);
    answers[0]?.();
    await clock.advance(HEARTBEAT_INTERVAL_MS);
    expect(answers).toHaveLength(2);
    shell.stop();
    await running;
  });
});
