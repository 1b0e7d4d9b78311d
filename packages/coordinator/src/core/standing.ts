import { mayTrain } from '@fedvox/job';
import { isPassing } from '@fedvox/protocol';
import type { JobBase, JobState } from './job-state.js';
import { gateStanding, type Member, type Members, membersOf } from './member.js';
import { rollStanding } from './roll-call.js';
import type { RoundState } from './round-machine.js';

/** Rounds without a word after which a round does not wait for a site, until it speaks. */
export const MAX_SILENT_ROUNDS = 3;

type WithMembers = Pick<JobBase, 'members'>;

/** Every site that may take part, the job's latecomers and those since revoked included; sorted. */
export function invitedSites({ members }: WithMembers): readonly string[] {
  return members.sites;
}

export function isInvited({ members }: WithMembers, site: string): boolean {
  return members.get(site) !== undefined;
}

/** Whether the site may take part, and was not revoked. */
export function isTrusted({ members }: WithMembers, site: string): boolean {
  return members.get(site)?.isRevoked === false;
}

export function trustedSites({ members }: WithMembers): readonly string[] {
  return members.sitesOf('asked', 'asked-again', 'passed', 'left-out');
}

/** Sites that passed the gate: those of the next round, unless the job names who trains. */
export function passedSites({ members }: WithMembers): readonly string[] {
  return members.sitesOf('passed');
}

/** Those that train in rounds at all. */
export function trainingMembers({ members, plan }: Pick<JobBase, 'members' | 'plan'>): Members {
  const { participation } = plan;
  if (participation?.kind !== 'named') return members;
  return membersOf([...members].filter(([site]) => mayTrain(participation, site)));
}

/** Whether the gate's question is put to this site now: at the gate, and in any round after it. */
export function isAskedAtGate({ members }: JobState, site: string, nowMs: number): boolean {
  const member = members.get(site);
  if (member === undefined || member.isRevoked) return false;
  const { outcome, askAgainAtMs } = member;
  if (outcome === null) return true;
  return isPassing(outcome) && nowMs >= (askAgainAtMs ?? 0);
}

/** Sites of which nothing was heard for so long that no round waits for them. */
export function silentSites({ members }: WithMembers): readonly string[] {
  return [...members].flatMap(([site, member]) => (isSilent(member) ? [site] : []));
}

const isSilent = ({ silentRounds }: Member) => silentRounds >= MAX_SILENT_ROUNDS;

/** How a site stands in a job. */
export const STANDINGS = [
  /** Has not answered the gate. */
  'asked',
  /** Failed the gate for a reason that passes; is asked again. */
  'asked-again',
  'joins-next-round',
  'takes-part',
  /** Takes part in the job, and the present round does without it. */
  'idle',
  /** Takes part, but was silent for so long that no round waits for it. */
  'not-awaited',
  /** Failed the gate; is asked again when its agent dials in anew, or the job is resumed. */
  'left-out',
  'revoked',
] as const;
export type Standing = (typeof STANDINGS)[number];

export function standingOf({ members, activity, plan }: JobState, site: string): Standing {
  const member = members.get(site);
  if (member === undefined) return 'asked';
  const standing = gateStanding(member);
  const takesPart = activity.kind === 'round' && isAmong(activity.round.sites, site);
  if (takesPart && (standing === 'asked' || standing === 'passed')) {
    if (isSilent(member)) return 'not-awaited';
    return isIdle(activity.round, site) ? 'idle' : 'takes-part';
  }
  if (standing !== 'passed') return standing;
  if (!mayTrain(plan.participation, site)) return 'idle';
  return activity.kind === 'gate' ? 'takes-part' : 'joins-next-round';
}

function isIdle(round: RoundState, site: string): boolean {
  const entry = 'rollCall' in round ? round.rollCall.entries.get(site) : undefined;
  return entry !== undefined && rollStanding(entry) === 'idle';
}

/** Whether a name is one of these, which are sorted. */
export function isAmong(sorted: readonly string[], name: string): boolean {
  let [from, to] = [0, sorted.length];
  while (from < to) {
    const middle = (from + to) >>> 1;
    if ((sorted[middle] as string) < name) from = middle + 1;
    else to = middle;
  }
  return sorted[from] === name;
}
