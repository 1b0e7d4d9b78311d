import type { DeclineReason, GateOutcome, SiteState, Task, Work } from '@fedvox/protocol';

/** The protocol's words for what is asked of a site: data, never anything to execute. */
export type { DeclineReason, GateOutcome, SiteState, Task, Work };

/** The round a task belongs to; the data gate comes before the first and counts as 0. */
export function roundOf({ work }: Task): number {
  return work.kind === 'check-data' ? 0 : work.round;
}

/** Two tasks with the same key ask for the same work. */
export function taskKey(task: Task): string {
  return `${task.job}/${roundOf(task)}/${task.work.kind}`;
}

/** What the coordinator is told that the site does. */
export function siteStateOf({ work }: Task): SiteState {
  switch (work.kind) {
    case 'check-data':
      return 'checking-data';
    case 'train':
      return 'training';
    case 'evaluate':
      return 'evaluating';
  }
}
