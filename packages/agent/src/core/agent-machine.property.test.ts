import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { newAgent, step } from './agent-machine.js';
import type { Answer } from './answer.js';
import {
  type Action,
  type AgentEvent,
  type AgentState,
  MAX_FAULTS_REMEMBERED,
  MAX_OUTBOX_ANSWERS,
} from './machine-types.js';
import { type DeclineReason, roundOf, type Task, taskKey } from './task.js';

/**
 * A world that answers each action in one of all the ways it can, as dice decide: any interleaving
 * of failures, refusals, heartbeats and wishes to stop.
 */
const REFUSALS = [
  'stale-round',
  'replayed-statement',
  'counter-not-increasing',
  'job-paused',
  'delta-truncated',
  'delta-not-finite',
  'revoked',
  'of-a-newer-coordinator',
];

const reason = fc.constantFrom<DeclineReason[]>(
  'no-disk-space',
  'trainer-failed',
  'not-supported',
  'refused-by-policy',
);

const failure: fc.Arbitrary<AgentEvent> = fc.oneof(
  fc.constant<AgentEvent>({
    kind: 'call-failed',
    failure: { kind: 'unreachable', reason: 'gone' },
  }),
  fc
    .constantFrom(...REFUSALS)
    .map((code): AgentEvent => ({ kind: 'call-failed', failure: { kind: 'refused', code } })),
);

const task: fc.Arbitrary<Task> = fc
  .record({ job: fc.constantFrom('a', 'b', 'c'), round: fc.integer({ min: 0, max: 3 }) })
  .map(({ job, round }) => ({
    job,
    jobDigest: 'b'.repeat(64),
    work:
      round === 0 ? { kind: 'check-data' } : { kind: 'train', round, baseModel: 'a'.repeat(64) },
  }));

/** Answers carry a number, so that no two are the same. */
function answerTo(task: Task, number: number): Answer {
  return {
    statement: number.toString(16).padStart(64, '0'),
    task: taskKey(task),
    job: task.job,
    round: roundOf(task),
    baseModel: 'a'.repeat(64),
  };
}

function outcomesOf(action: Action, number: number): fc.Arbitrary<AgentEvent> {
  const one = (event: AgentEvent) => fc.constant(event);
  const renewalDue = fc.boolean();
  const failed = fc.record({ retryable: fc.boolean(), reason }).map((how): AgentEvent => {
    return { kind: 'work-failed', failure: { code: 'x', message: 'x', ...how } };
  });
  switch (action.kind) {
    case 'wait':
      return one({ kind: 'wait-over' });
    case 'greet':
      return fc.oneof(
        failure,
        fc.record({ renewalDue, takesDeclines: fc.boolean() }).map((agreed): AgentEvent => {
          return { kind: 'greeted', heartbeatIntervalMs: 5, ...agreed };
        }),
      );
    case 'renew':
      return fc.oneof(failure, one({ kind: 'renewed' }));
    case 'ask':
      return fc.oneof(
        failure,
        renewalDue.map((due): AgentEvent => ({ kind: 'idle', renewalDue: due })),
        task.map((offered): AgentEvent => ({ kind: 'task-offered', task: offered })),
      );
    case 'fetch':
      return fc.oneof(
        failure,
        one({ kind: 'fetched', outcome: 'pass' }),
        reason.map((outcome): AgentEvent => ({ kind: 'fetched', outcome })),
      );
    case 'work':
      return fc.oneof(
        one({
          kind: 'work-done',
          result:
            action.task.work.kind === 'check-data'
              ? { kind: 'checked', outcome: 'pass', validationCases: 2 }
              : {
                  kind: 'measured',
                  figures: { dice: null, auc: null },
                  trainCases: 1,
                  validationCases: 1,
                  delta: null,
                },
        }),
        failed,
      );
    case 'store':
      return fc.oneof(
        one({ kind: 'answer-stored', answer: answerTo(action.task, number) }),
        failed,
      );
    case 'report-gate':
      return fc.oneof(failure, one({ kind: 'gate-reported' }));
    case 'decline':
      return fc.oneof(failure, one({ kind: 'declined' }));
    case 'deliver':
    case 'collect-receipt':
      return fc.oneof(failure, one({ kind: 'delivered' }), one({ kind: 'answer-spoilt' }));
    case 'sign-again': {
      const statement = number.toString(16).padStart(64, 'f');
      return one({ kind: 'answer-signed-again', answer: { ...action.answer, statement } });
    }
  }
}

const aside: fc.Arbitrary<AgentEvent> = fc.oneof(
  fc.constant<AgentEvent>({ kind: 'heartbeat-due' }),
  fc.constant<AgentEvent>({
    kind: 'heartbeat-failed',
    failure: { kind: 'unreachable', reason: 'gone' },
  }),
  fc
    .record({
      job: fc.constantFrom('a', 'b', 'c'),
      round: fc.integer({ min: 0, max: 3 }),
      stillWanted: fc.boolean(),
    })
    .map((answer): AgentEvent => ({ kind: 'heartbeat-answered', ...answer })),
);

/** What the machine asked for in one run, with the answers it was given. */
interface Run {
  state: AgentState;
  action: Action | undefined;
  beating: boolean;
  /** Statements stored, less those that left by receipt, by drop or by a new signature. */
  readonly undelivered: Set<string>;
}

function feed(run: Run, event: AgentEvent): void {
  const { state, effects } = step(run.state, event);
  run.state = state;
  if (event.kind === 'answer-stored') run.undelivered.add(event.answer.statement);
  for (const effect of effects) {
    switch (effect.kind) {
      case 'note':
        break;
      case 'beat':
        expect(run.beating).toBe(true);
        break;
      case 'keep-beating':
      case 'stop-beating':
        expect(run.beating).toBe(effect.kind === 'stop-beating');
        run.beating = effect.kind === 'keep-beating';
        break;
      case 'decline':
        expect(run.state.memory.takesDeclines, 'only whom it means anything is told').toBe(true);
        expect(run.action, 'one action at a time').toBeUndefined();
        run.action = effect;
        break;
      case 'cancel':
        run.action = undefined;
        break;
      case 'drop':
        expect(run.undelivered.delete(effect.answer.statement)).toBe(true);
        break;
      case 'halt':
        break;
      default:
        expect(run.action, 'one action at a time').toBeUndefined();
        run.action = effect;
    }
  }
}

function finish(run: Run, event: AgentEvent): void {
  const { action } = run;
  run.action = undefined;
  if (event.kind === 'delivered' && action !== undefined && 'answer' in action) {
    run.undelivered.delete(action.answer.statement);
  }
  if (event.kind === 'answer-signed-again' && action !== undefined && 'answer' in action) {
    run.undelivered.delete(action.answer.statement);
    run.undelivered.add(event.answer.statement);
  }
  feed(run, event);
}

describe('the agent machine, whatever happens to it,', () => {
  it('does one thing at a time, never gets stuck, loses no answer, and keeps to its bounds', () => {
    fc.assert(
      fc.property(fc.gen(), fc.integer({ min: 1, max: 120 }), (gen, length) => {
        const run: Run = {
          state: newAgent([]),
          action: undefined,
          beating: false,
          undelivered: new Set(),
        };
        feed(run, { kind: 'started' });
        for (let number = 1; number <= length; number++) {
          if (run.state.now.at === 'stopped') break;
          expect(run.action, 'something is always under way').toBeDefined();
          if (gen(() => fc.integer({ min: 0, max: 3 })) === 0)
            feed(
              run,
              gen(() => aside),
            );
          else finish(run, gen(outcomesOf, run.action!, number));

          const { outbox, faults } = run.state.memory;
          expect(new Set(outbox.map(({ statement }) => statement))).toEqual(run.undelivered);
          expect(outbox.length).toBeLessThanOrEqual(MAX_OUTBOX_ANSWERS);
          expect(faults.length).toBeLessThanOrEqual(MAX_FAULTS_REMEMBERED);
        }
        feed(run, { kind: 'stop-requested' });
        expect(run.state.now.at).toBe('stopped');
        expect(run.action).toBeUndefined();
        expect(run.beating).toBe(false);
      }),
      { numRuns: 150 },
    );
  });
});
