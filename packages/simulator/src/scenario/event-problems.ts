import { driftSchema, isStill } from './drift.js';
import type { ScenarioEvent } from './events.js';

interface EventProblem {
  readonly path: readonly (string | number)[];
  readonly message: string;
}

/** What cannot happen, each with its place in the list. */
export function eventProblems(
  events: readonly ScenarioEvent[],
  sites: readonly string[],
  rounds: number,
): readonly EventProblem[] {
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
    return [...problems, ...presenceProblems(event, events, index)];
  });
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
