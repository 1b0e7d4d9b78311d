import { driftSchema, isStill } from './drift.js';
import type { ScenarioEvent } from './events.js';

interface EventProblem {
  readonly path: readonly (string | number)[];
  readonly message: string;
}

/** Where events are to happen. */
export interface Stage {
  readonly sites: readonly string[];
  /** As many as one likes where absent. */
  readonly rounds?: number | undefined;
  /** What the voxels of a label map may be; none where the classes are of cases, any where absent. */
  readonly voxelClasses?: readonly string[] | undefined;
  /** Whether a surrogate stands for scans and training. */
  readonly hasSurrogate?: boolean;
}

/** What cannot happen, each with its place in the list. */
export function eventProblems(
  events: readonly ScenarioEvent[],
  stage: Stage,
): readonly EventProblem[] {
  const { sites, rounds = Number.POSITIVE_INFINITY } = stage;
  return events.flatMap((event, index) => {
    const problems: EventProblem[] = [];
    const add = (key: string, message: string) => problems.push({ path: [index, key], message });
    if (!sites.includes(event.site)) {
      add('site', `is no site of this scenario; they are ${sites.join(', ')}`);
    }
    if (event.round > rounds) add('round', `is after the last of ${rounds} rounds`);
    const { untilRound = event.round } = 'untilRound' in event ? event : {};
    if (untilRound < event.round) {
      add('untilRound', `is before round ${event.round}, where it begins`);
    } else if (untilRound > rounds && event.round <= rounds) {
      add('untilRound', `is after the last of ${rounds} rounds`);
    }
    if (event.kind === 'join' && event.round === 1) {
      add('round', 'every site is there at round 1: leave the event out, or give a later round');
    }
    if (event.kind === 'drift' && isStill(driftSchema.strip().parse(event))) {
      add('kind', 'changes nothing: give a gain, a contrast, noise or a bias field');
    }
    for (const [key, message] of scanProblems(event, stage)) add(key, message);
    return [...problems, ...presenceProblems(event, events, index)];
  });
}

/** Of what changes scans. */
function scanProblems(event: ScenarioEvent, stage: Stage): readonly (readonly [string, string])[] {
  const { voxelClasses, hasSurrogate = false } = stage;
  if (event.kind !== 'drift' && event.kind !== 'mislabel') return [];
  if (hasSurrogate) return [['kind', 'changes scans, and a surrogate stands for them']];
  if (event.kind === 'drift' || voxelClasses === undefined) return [];
  if (voxelClasses.length === 0) {
    return [['kind', 'changes label maps, and the classes of this job are of cases']];
  }
  const strangers = event.swap.filter((name) => !voxelClasses.includes(name));
  return strangers.map((name) => [
    'swap',
    `${name} is no class of the job; they are ${voxelClasses.join(', ')}`,
  ]);
}

/** A site that is not there yet, or no more, is met by nothing. */
function presenceProblems(
  event: ScenarioEvent,
  events: readonly ScenarioEvent[],
  index: number,
): EventProblem[] {
  const ofSite = events.filter(({ site }) => site === event.site);
  const join = ofSite.find(({ kind }) => kind === 'join');
  const leave = ofSite.find(({ kind }) => kind === 'leave');
  if (event === join || event === leave) return [];
  const problem = (key: string, message: string) => ({ path: [index, key], message });
  if (event.kind === 'join') return [problem('site', 'joins twice')];
  if (event.kind === 'leave') return [problem('site', 'leaves twice')];
  if (join !== undefined && event.round < join.round) {
    return [problem('round', `is before round ${join.round}, in which ${event.site} joins`)];
  }
  if (leave !== undefined && event.round >= leave.round) {
    return [problem('round', `is not before round ${leave.round}, in which ${event.site} leaves`)];
  }
  return [];
}
