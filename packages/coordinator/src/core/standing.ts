import { type GateOutcome, isPassing } from '@fedvox/protocol';
import type { JobBase, JobState } from './job-state.js';

/** Rounds without a word after which a round does not wait for a site, until it speaks. */
export const MAX_SILENT_ROUNDS = 3;

type Members = Pick<JobBase, 'plan' | 'lateSites' | 'revokedSites'>;

/** Every site that may take part, the job's latecomers and those since revoked included; sorted. */
export function invitedSites({ plan, lateSites }: Omit<Members, 'revokedSites'>): string[] {
  return [...plan.invitedSites, ...lateSites].sort();
}

/** Of these sites, those that the job still trusts. */
export function stillTrusted(
  { revokedSites }: Pick<JobBase, 'revokedSites'>,
  sites: readonly string[],
): readonly string[] {
  return sites.filter((site) => !revokedSites.includes(site));
}

export function trustedSites(state: Members): readonly string[] {
  return stillTrusted(state, invitedSites(state));
}

/** Sites that passed the gate: those of the next round. */
export function passedSites(state: JobBase): readonly string[] {
  return trustedSites(state).filter((site) => state.gateOutcomes[site] === 'pass');
}

/** Sites that have not answered the gate. */
export function unansweredSites(state: JobBase): readonly string[] {
  return trustedSites(state).filter((site) => state.gateOutcomes[site] === undefined);
}

/** Whether the gate's question is put to this site now: at the gate, and in any round after it. */
export function isAskedAtGate(state: JobState, site: string, nowMs: number): boolean {
  if (!trustedSites(state).includes(site)) return false;
  const outcome = state.gateOutcomes[site];
  if (outcome === undefined) return true;
  return isPassing(outcome) && nowMs >= (state.askAgainAtMs[site] ?? 0);
}

/** Outcomes without those that stand in the way of being asked. */
export function passesOnly(
  outcomes: Readonly<Record<string, GateOutcome>>,
): Record<string, GateOutcome> {
  return Object.fromEntries(Object.entries(outcomes).filter(([, outcome]) => outcome === 'pass'));
}

/** Sites of which nothing was heard for so long that no round waits for them. */
export function silentSites({ silentRounds }: JobBase): readonly string[] {
  return Object.entries(silentRounds).flatMap(([site, rounds]) =>
    rounds >= MAX_SILENT_ROUNDS ? [site] : [],
  );
}

/** How a site stands in a job. */
export const STANDINGS = [
  /** Has not answered the gate. */
  'asked',
  /** Failed the gate for a reason that passes; is asked again. */
  'asked-again',
  'joins-next-round',
  'takes-part',
  /** Takes part, but was silent for so long that no round waits for it. */
  'not-awaited',
  /** Failed the gate; is asked again when its agent dials in anew, or the job is resumed. */
  'left-out',
  'revoked',
] as const;
export type Standing = (typeof STANDINGS)[number];

export function standingOf(state: JobState, site: string): Standing {
  if (state.revokedSites.includes(site)) return 'revoked';
  const outcome = state.gateOutcomes[site];
  const { activity } = state;
  if (activity.kind === 'round' && activity.round.sites.includes(site)) {
    if (outcome === undefined || outcome === 'pass') {
      return silentSites(state).includes(site) ? 'not-awaited' : 'takes-part';
    }
  }
  if (outcome === undefined) return 'asked';
  if (outcome !== 'pass') return isPassing(outcome) ? 'asked-again' : 'left-out';
  return activity.kind === 'gate' ? 'takes-part' : 'joins-next-round';
}
