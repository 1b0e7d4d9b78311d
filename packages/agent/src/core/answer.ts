import type { Sha256 } from '@fedvox/base';
import { type Task, taskKey } from './task.js';

/**
 * A signed answer in the outbox, as the machine knows it: its bytes stay on disk until the
 * coordinator's receipt is stored.
 */
export interface Answer {
  /** SHA-256 of the statement's payload: the answer's name everywhere. */
  readonly statement: Sha256;
  /** Key of the task that it answers. */
  readonly task: string;
  readonly job: string;
  readonly round: number;
  readonly baseModel: Sha256;
}

/** Whether this answer is what the task asks for, so that nothing is trained twice. */
export function answers(answer: Answer, task: Task): boolean {
  return (
    task.work.kind !== 'check-data' &&
    answer.task === taskKey(task) &&
    answer.baseModel === task.work.baseModel
  );
}
