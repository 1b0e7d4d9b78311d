import type { Sha256 } from '@fedvox/base';
import type { Answer } from './answer.js';
import {
  MAX_AWAITING,
  MAX_FAULTS_REMEMBERED,
  MAX_WORK_ATTEMPTS,
  type Memory,
} from './machine-types.js';
import { type Task, taskKey } from './task.js';

/** The coordinator answered: the back-off starts from its beginning next time. */
export function heard(memory: Memory): Memory {
  return { ...memory, misses: 0 };
}

export function addAnswer(memory: Memory, answer: Answer): Memory {
  return { ...memory, outbox: [...memory.outbox, answer] };
}

export function removeAnswer(memory: Memory, { statement }: Answer): Memory {
  return {
    ...memory,
    outbox: memory.outbox.filter((answer) => answer.statement !== statement),
    setAside: memory.setAside.filter((other) => other !== statement),
  };
}

export function replaceAnswer(memory: Memory, old: Answer, signedAgain: Answer): Memory {
  const swap = (answer: Answer) => (answer.statement === old.statement ? signedAgain : answer);
  return { ...memory, outbox: memory.outbox.map(swap) };
}

export function setAside(memory: Memory, { statement }: Answer): Memory {
  const others = memory.setAside.filter((other) => other !== statement);
  return { ...memory, setAside: [...others, statement] };
}

/** The oldest answer that may be offered on this connection. */
export function nextAnswer({ outbox, setAside }: Memory): Answer | undefined {
  const aside: ReadonlySet<Sha256> = new Set(setAside);
  return outbox.find((answer) => !aside.has(answer.statement));
}

/** Counts failed attempts at a task; `hopeless` spends all of them at once. */
export function rememberFault(memory: Memory, key: string, hopeless: boolean): Memory {
  const before = memory.faults.find((fault) => fault.task === key)?.count ?? 0;
  const count = hopeless ? MAX_WORK_ATTEMPTS : before + 1;
  const others = memory.faults.filter((fault) => fault.task !== key);
  const faults = [...others, { task: key, count }].slice(-MAX_FAULTS_REMEMBERED);
  return { ...memory, faults };
}

export function forgetFaults(memory: Memory, key: string): Memory {
  return { ...memory, faults: memory.faults.filter((fault) => fault.task !== key) };
}

export function hasGivenUpOn(memory: Memory, task: Task): boolean {
  const fault = memory.faults.find(({ task: key }) => key === taskKey(task));
  return fault !== undefined && fault.count >= MAX_WORK_ATTEMPTS;
}

/** Keeps in mind whether the job waits for a person at the site. */
export function rememberAwaiting(memory: Memory, job: string, isAwaited: boolean): Memory {
  if (memory.awaiting.includes(job) === isAwaited) return memory;
  const others = memory.awaiting.filter((other) => other !== job);
  return { ...memory, awaiting: isAwaited ? [...others, job].slice(-MAX_AWAITING) : others };
}
