import { newAgent, step } from '../core/agent-machine.js';
import type { Answer } from '../core/answer.js';
import type { AgentEvent, AgentState, Effect } from '../core/machine-types.js';
import type { Task } from '../core/task.js';
import type { WorkResult } from '../core/trainer.js';

/** For tests of the agent machine: what happens to it, by name, and a way to play it. */
export const MODEL = 'a'.repeat(64);
export const gate: Task = { job: 'job-1', jobDigest: 'b'.repeat(64), work: { kind: 'check-data' } };
export const train: Task = { ...gate, work: { kind: 'train', round: 3, baseModel: MODEL } };
export const measured: WorkResult = {
  kind: 'measured',
  figures: { dice: 0.8, auc: null },
  trainCases: 8,
  validationCases: 2,
  delta: { sha256: 'd'.repeat(64), byteLength: 100 },
};
export const tooFew: WorkResult = { kind: 'checked', outcome: 'too-few-cases', validationCases: 0 };
export const answer: Answer = {
  statement: 'e'.repeat(64),
  task: 'job-1/3/train',
  job: 'job-1',
  round: 3,
  baseModel: MODEL,
};
export const ofToday = { takesDeclines: true, renewalDue: false };
export const greeted: Extract<AgentEvent, { kind: 'greeted' }> = {
  kind: 'greeted',
  heartbeatIntervalMs: 5_000,
  ...ofToday,
};
export const unreachable: AgentEvent = {
  kind: 'call-failed',
  failure: { kind: 'unreachable', reason: 'connection refused' },
};
export const refused = (code: string): AgentEvent => ({
  kind: 'call-failed',
  failure: { kind: 'refused', code },
});
export const crash: AgentEvent = {
  kind: 'work-failed',
  failure: {
    code: 'agent/trainer-died',
    message: 'it died',
    retryable: true,
    reason: 'trainer-failed',
  },
};

/** Feeds events in; returns where the agent stands and what the last event asked for, notes apart. */
export function play(events: readonly AgentEvent[], outbox: readonly Answer[] = []) {
  let state: AgentState = newAgent(outbox);
  let effects: readonly Effect[] = [];
  for (const event of events) ({ state, effects } = step(state, event));
  return {
    state,
    at: state.now.at,
    effects,
    does: effects.filter((effect) => effect.kind !== 'note').map((effect) => effect.kind),
  };
}

export const asking: readonly AgentEvent[] = [{ kind: 'started' }, greeted];
export const working: readonly AgentEvent[] = [
  ...asking,
  { kind: 'task-offered', task: train },
  { kind: 'fetched', outcome: 'pass' },
];
export const delivering: readonly AgentEvent[] = [
  ...working,
  { kind: 'work-done', result: measured },
  { kind: 'answer-stored', answer },
];
