import type { AgentEvent, AgentState, Now } from './machine-types.js';
import { roundOf, type Task, type Work } from './task.js';
import type { WorkProgress } from './trainer.js';

/** How the way to the coordinator is. */
export const LINE_STATES = ['connecting', 'connected', 'away', 'closed'] as const;

export interface LineState {
  readonly state: (typeof LINE_STATES)[number];
  /** Milliseconds since the epoch. */
  readonly sinceMs: number;
  /** Of the last call that failed, while the coordinator is away; null otherwise. */
  readonly failure: string | null;
}

/** What the agent is at, for the people at its site. */
export interface Doing {
  readonly at: Now['at'];
  readonly sinceMs: number;
  readonly job: string | null;
  readonly round: number | null;
  readonly work: Work['kind'] | null;
  readonly progress: WorkProgress | null;
}

export interface Whereabouts {
  readonly line: LineState;
  readonly doing: Doing;
  /** Jobs that wait for a person at the site. */
  readonly awaiting: readonly string[];
}

export function whereaboutsAtStart(nowMs: number): Whereabouts {
  return {
    line: { state: 'connecting', sinceMs: nowMs, failure: null },
    doing: { at: 'new', sinceMs: nowMs, job: null, round: null, work: null, progress: null },
    awaiting: [],
  };
}

/** After one step of the machine: what is as it was keeps its beginning. */
export function whereaboutsAfter(
  before: Whereabouts,
  event: AgentEvent,
  state: AgentState,
  nowMs: number,
): Whereabouts {
  return {
    line: lineAfter(before.line, event, state, nowMs),
    doing: doingAfter(before.doing, state.now, nowMs),
    awaiting: state.memory.awaiting,
  };
}

/** How far the work has come. */
export function withProgress(before: Whereabouts, progress: WorkProgress): Whereabouts {
  return { ...before, doing: { ...before.doing, progress } };
}

function lineAfter(
  before: LineState,
  event: AgentEvent,
  agent: AgentState,
  nowMs: number,
): LineState {
  const state = lineStateOf(agent, before.state);
  const failure = state === 'away' ? (failureIn(event) ?? before.failure) : null;
  return { state, sinceMs: state === before.state ? before.sinceMs : nowMs, failure };
}

function lineStateOf({ now, memory }: AgentState, before: LineState['state']): LineState['state'] {
  switch (now.at) {
    case 'new':
      return 'connecting';
    case 'offline':
      return 'away';
    case 'stopped':
      return 'closed';
    case 'greeting':
      // A line that was lost is away until somebody answers on it.
      return before === 'away' ? 'away' : 'connecting';
    default:
      return memory.beatMissed ? 'away' : 'connected';
  }
}

function failureIn(event: AgentEvent): string | undefined {
  if (event.kind !== 'call-failed' && event.kind !== 'heartbeat-failed') return undefined;
  const { failure } = event;
  return failure.kind === 'refused' ? (failure.reason ?? failure.code) : failure.reason;
}

function doingAfter(before: Doing, now: Now, nowMs: number): Doing {
  const about = aboutOf(now);
  const isSame =
    now.at === before.at &&
    about.job === before.job &&
    about.round === before.round &&
    about.work === before.work;
  if (isSame) return before;
  return { at: now.at, sinceMs: nowMs, ...about, progress: null };
}

type About = Pick<Doing, 'job' | 'round' | 'work'>;
const NOTHING: About = { job: null, round: null, work: null };

function aboutOf(now: Now): About {
  if ('task' in now) return aboutTask(now.task);
  if (now.at !== 'delivering') return NOTHING;
  const { job, round } = now.answer;
  return { job, round, work: null };
}

function aboutTask(task: Task): About {
  return { job: task.job, round: roundOf(task), work: task.work.kind };
}
