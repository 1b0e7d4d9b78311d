import type {
  AgentEvent,
  AgentState,
  Beat,
  Effect,
  FailedCall,
  Now,
  Step,
} from './machine-types.js';
import { ask, go, note, stopRefused, warning } from './moves.js';
import { responseTo } from './refusal-responses.js';
import { roundOf, siteStateOf } from './task.js';

type HeartbeatEvent = Extract<AgentEvent, { kind: `heartbeat-${string}` }>;

/** The heartbeat that fits where the agent stands; undefined where asking for work shows enough. */
export function beatOf(now: Now): Beat | undefined {
  switch (now.at) {
    case 'fetching':
    case 'working':
    case 'storing':
    case 'reporting':
    case 'declining': {
      const { task } = now;
      return { kind: 'beat', job: task.job, round: roundOf(task), state: siteStateOf(task) };
    }
    case 'delivering': {
      const { job, round } = now.answer;
      return { kind: 'beat', job, round, state: 'uploading' };
    }
    default:
      return undefined;
  }
}

/** Starts and stops the beating as a step enters or leaves the places that beat. */
export function withHeartbeats(before: AgentState, { state, effects }: Step): Step {
  const beating = beatOf(before.now) !== undefined;
  const shouldBeat = beatOf(state.now) !== undefined;
  if (beating === shouldBeat) return { state, effects };
  const change: Effect = shouldBeat
    ? { kind: 'keep-beating', everyMs: state.memory.heartbeatIntervalMs }
    : { kind: 'stop-beating' };
  return { state, effects: [change, ...effects] };
}

/** A heartbeat never disturbs the work, except to end it when nobody wants it any more. */
export function onHeartbeat(state: AgentState, event: HeartbeatEvent): Step {
  const beat = beatOf(state.now);
  switch (event.kind) {
    case 'heartbeat-due':
      return { state, effects: beat === undefined ? [] : [beat] };
    case 'heartbeat-failed':
      return onBeatMissed(state, event.failure);
    case 'heartbeat-answered': {
      const isOurs = beat !== undefined && beat.job === event.job && beat.round === event.round;
      const next = onBeatAnswered(state);
      return isOurs && !event.stillWanted ? onUnwanted(next) : next;
    }
  }
}

function onBeatAnswered({ now, memory }: AgentState): Step {
  if (!memory.beatMissed) return go(memory, now);
  const line = note('info', 'heartbeats are answered again');
  return go({ ...memory, beatMissed: false }, now, line);
}

function onBeatMissed({ now, memory }: AgentState, failure: FailedCall): Step {
  if (failure.kind === 'refused' && responseTo(failure.code) === 'stop') {
    return stopRefused(memory, failure.code);
  }
  if (failure.kind === 'refused' && responseTo(failure.code) === 'warn') {
    return go(memory, now, warning(failure.code, failure.reason ?? failure.code));
  }
  if (memory.beatMissed) return go(memory, now);
  const reason = failure.kind === 'refused' ? failure.code : failure.reason;
  const line = note('warn', 'heartbeat failed; the work goes on', { reason });
  return go({ ...memory, beatMissed: true }, now, line);
}

/** The round closed without this site, or the job was paused or ended. */
function onUnwanted({ state: { now, memory }, effects }: Step): Step {
  if (now.at !== 'fetching' && now.at !== 'working') return go(memory, now, ...effects);
  const { job } = now.task;
  const line = note('info', 'work no longer wanted, ended', { job, round: roundOf(now.task) });
  return ask(memory, ...effects, { kind: 'cancel' }, line);
}
