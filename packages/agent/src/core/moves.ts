import type { Answer } from './answer.js';
import type { Effect, Memory, Note, Now, Step, StopReason } from './machine-types.js';
import { nextAnswer } from './memory.js';

/** The moves that more than one part of the machine makes. */

export function go(memory: Memory, now: Now, ...effects: readonly Effect[]): Step {
  return { state: { now, memory }, effects };
}

export function ask(memory: Memory, ...before: readonly Effect[]): Step {
  return go(memory, { at: 'asking' }, ...before, { kind: 'ask' });
}

export function deliver(memory: Memory, answer: Answer, ...before: readonly Effect[]): Step {
  const now = { at: 'delivering', answer, resends: 0 } as const;
  return go(memory, now, ...before, { kind: 'deliver', answer });
}

/** What is signed and undelivered goes before new work. */
export function deliverOrAsk(memory: Memory, ...before: readonly Effect[]): Step {
  const answer = nextAnswer(memory);
  return answer === undefined ? ask(memory, ...before) : deliver(memory, answer, ...before);
}

/** Lets time pass before asking again, so that nothing spins on a task this site cannot do. */
export function abstain(memory: Memory, ...before: readonly Effect[]): Step {
  return go(memory, { at: 'abstaining' }, ...before, { kind: 'wait', why: 'abstaining' });
}

export function stop(memory: Memory, reason: StopReason, line: Note): Step {
  return go(memory, { at: 'stopped', reason }, { kind: 'cancel' }, line, { kind: 'halt', reason });
}

/** A refusal that only a person can mend; the shell knows the coordinator's own words for it. */
export function stopRefused(memory: Memory, refusal: string): Step {
  const line = note('error', 'the coordinator refuses this site', { refusal });
  return stop(memory, { kind: 'refused', code: refusal }, line);
}

/** Goes off line and dials again after a delay that grows with every miss, up to its bound. */
export function backOff(memory: Memory, reason: string): Step {
  const misses = memory.misses + 1;
  const line = note(
    misses === 1 ? 'warn' : 'debug',
    misses === 1
      ? 'coordinator out of reach, trying again until it answers'
      : 'coordinator still out of reach',
    { reason, misses },
  );
  return go({ ...memory, misses }, { at: 'offline' }, line, {
    kind: 'wait',
    why: 'offline',
    attempt: misses,
  });
}

/** What the coordinator says to a person at this site. */
export function warning(refusal: string, reason: string): Note {
  return note('error', 'the coordinator warns this site', { refusal, reason });
}

export function note(level: Note['level'], text: string, fields: Note['fields'] = {}): Note {
  return { kind: 'note', level, text, fields };
}
