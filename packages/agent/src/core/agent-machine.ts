import { assert, unreachable } from '@fedvox/base';
import type { Answer } from './answer.js';
import { onDelivered, onDeliveryRefused, onSignedAgain, onSpoilt } from './delivery.js';
import { onHeartbeat, withHeartbeats } from './heartbeats.js';
import {
  type AgentEvent,
  type AgentState,
  ASKS_BEFORE_NEXT_RENEWAL,
  MAX_HEARTBEAT_INTERVAL_MS,
  type Memory,
  MIN_HEARTBEAT_INTERVAL_MS,
  type Now,
  type Step,
} from './machine-types.js';
import { addAnswer, heard } from './memory.js';
import {
  abstain,
  ask,
  backOff,
  deliver,
  deliverOrAsk,
  go,
  note,
  stop,
  stopRefused,
  warning,
} from './moves.js';
import { responseTo } from './refusal-responses.js';
import {
  onDeclined,
  onFetched,
  onGateReported,
  onTaskOffered,
  onWorkDone,
  onWorkFailed,
  withLeftOut,
} from './work.js';

/** Until the coordinator says otherwise. */
const DEFAULT_HEARTBEAT_INTERVAL_MS = 10_000;

/** A new agent; `outbox` is what an earlier one left undelivered, oldest first. */
export function newAgent(outbox: readonly Answer[]): AgentState {
  return {
    now: { at: 'new' },
    memory: {
      outbox,
      setAside: [],
      faults: [],
      misses: 0,
      asksBeforeRenewal: 0,
      heartbeatIntervalMs: DEFAULT_HEARTBEAT_INTERVAL_MS,
      takesDeclines: false,
      awaiting: [],
      beatMissed: false,
    },
  };
}

/**
 * The agent as a machine: an event goes in, the next state and what is to be done come out. Pure:
 * production and simulator share it and differ in who carries out the effects.
 * @throws InvariantError when an event cannot happen where the agent stands
 */
export function step(state: AgentState, event: AgentEvent): Step {
  if (state.now.at === 'stopped') return { state, effects: [] };
  return withHeartbeats(state, transition(state, event));
}

function transition(state: AgentState, event: AgentEvent): Step {
  const { now, memory } = state;
  switch (event.kind) {
    case 'started':
      assertAt(now, 'new');
      return greet(memory);
    case 'wait-over':
      if (now.at === 'abstaining') return ask(memory);
      assertAt(now, 'offline');
      return greet(memory);
    case 'greeted':
      assertAt(now, 'greeting');
      return onGreeted(memory, event);
    case 'renewed':
      assertAt(now, 'renewing');
      return greet(heard(memory));
    case 'idle':
      assertAt(now, 'asking');
      return renewOrAsk(heard(memory), event.renewalDue);
    case 'task-offered':
      assertAt(now, 'asking');
      return withLeftOut(event.task, onTaskOffered(heard(memory), event.task));
    case 'fetched':
      assertAt(now, 'fetching');
      return onFetched(heard(memory), now.task, event.outcome);
    case 'work-done':
      assertAt(now, 'working');
      return onWorkDone(memory, now.task, event.result);
    case 'work-failed':
      // Also what was done may come to nothing, where there is no room to store it.
      if (now.at !== 'storing') assertAt(now, 'working');
      return onWorkFailed(memory, now.task, event.failure);
    case 'answer-stored':
      assertAt(now, 'storing');
      return deliver(addAnswer(memory, event.answer), event.answer);
    case 'answer-signed-again':
      assertAt(now, 'delivering');
      return onSignedAgain(memory, now, event.answer);
    case 'delivered':
      assertAt(now, 'delivering');
      return onDelivered(memory, now.answer);
    case 'answer-spoilt':
      assertAt(now, 'delivering');
      return onSpoilt(memory, now.answer);
    case 'gate-reported':
      assertAt(now, 'reporting');
      return onGateReported(memory, now.task, now.outcome);
    case 'declined':
      assertAt(now, 'declining');
      return onDeclined(memory, now.task);
    case 'call-failed':
      return onCallFailed(now.at === 'renewing' ? postponeRenewal(memory) : memory, now, event);
    case 'heartbeat-due':
    case 'heartbeat-answered':
    case 'heartbeat-failed':
      return onHeartbeat(state, event);
    case 'stop-requested':
      return stop(memory, { kind: 'requested' }, note('info', 'stopping, as asked'));
    default:
      return unreachable(event);
  }
}

function greet(memory: Memory): Step {
  return go(memory, { at: 'greeting' }, { kind: 'greet' });
}

function onGreeted(
  before: Memory,
  { heartbeatIntervalMs, takesDeclines, renewalDue }: Extract<AgentEvent, { kind: 'greeted' }>,
): Step {
  const memory = {
    ...before,
    takesDeclines,
    heartbeatIntervalMs: Math.min(
      Math.max(heartbeatIntervalMs, MIN_HEARTBEAT_INTERVAL_MS),
      MAX_HEARTBEAT_INTERVAL_MS,
    ),
    beatMissed: false,
    setAside: [],
  };
  const line = note('info', 'coordinator answers', { undelivered: memory.outbox.length });
  if (memory.outbox.length > 0) return deliverOrAsk(memory, line);
  return renewOrAsk(memory, renewalDue, line);
}

/** What waits in the outbox under the old key's signature is signed again when it is refused. */
function renewOrAsk(memory: Memory, renewalDue: boolean, ...before: Step['effects']): Step {
  const { asksBeforeRenewal } = memory;
  if (!renewalDue) return ask(memory, ...before);
  if (asksBeforeRenewal > 0) {
    return ask({ ...memory, asksBeforeRenewal: asksBeforeRenewal - 1 }, ...before);
  }
  const line = note('info', 'certificate ends soon, renewing it');
  return go(memory, { at: 'renewing' }, ...before, line, { kind: 'renew' });
}

/** The present certificate is good for weeks yet: work goes before renewing it. */
function postponeRenewal(memory: Memory): Memory {
  return { ...memory, asksBeforeRenewal: ASKS_BEFORE_NEXT_RENEWAL };
}

function onCallFailed(
  memory: Memory,
  now: Now,
  { failure }: Extract<AgentEvent, { kind: 'call-failed' }>,
): Step {
  return failure.kind === 'refused'
    ? onRefused(memory, now, failure.code, failure.reason)
    : backOff(memory, failure.reason);
}

/** A refusal of anything the agent asked or said. */
function onRefused(memory: Memory, now: Now, refusal: string, reason = refusal): Step {
  if (now.at === 'delivering') return onDeliveryRefused(memory, now, refusal);
  if (responseTo(refusal) === 'stop') return stopRefused(memory, refusal);
  if (responseTo(refusal) === 'warn' && now.at === 'asking') {
    return ask(heard(memory), warning(refusal, reason));
  }
  if (now.at === 'fetching' || now.at === 'reporting' || now.at === 'declining') {
    const { job } = now.task;
    return abstain(heard(memory), note('warn', 'task not open any more', { job, refusal }));
  }
  if (now.at === 'renewing') {
    return ask(
      heard(memory),
      note('error', 'certificate not renewed; working on', { refusal, reason }),
    );
  }
  return backOff(memory, refusal);
}

function assertAt<At extends Now['at']>(
  now: Now,
  expected: At,
): asserts now is Extract<Now, { at: At }> {
  assert(now.at === expected, `what happens at ${expected} does not happen at ${now.at}`);
}
