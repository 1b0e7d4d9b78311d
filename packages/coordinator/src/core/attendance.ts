import { matchesName } from '@fedvox/job';
import { withoutOutcome } from './gate.js';
import { isOver, type JobEvent, type JobState } from './job-state.js';
import { andThen, type Progress, reached } from './progress.js';
import { invitedSites, MAX_SILENT_ROUNDS, stillTrusted, trustedSites } from './standing.js';

/** A site has a new certificate: the job invites it where it is meant, also after a revocation. */
export function enrol(
  state: JobState,
  { site }: Extract<JobEvent, { kind: 'site-enrolled' }>,
): Progress {
  if (isOver(state) || trustedSites(state).includes(site)) return reached(state);
  const isKnown = invitedSites(state).includes(site);
  if (!isKnown && !state.plan.laterSites.some((name) => matchesName(name, site))) {
    return reached(state);
  }
  const revokedSites = state.revokedSites.filter((name) => name !== site);
  const lateSites = isKnown ? state.lateSites : [...state.lateSites, site].sort();
  const invited = withoutOutcome({ ...state, revokedSites, lateSites }, site);
  return reached(invited, { kind: 'site-invited', site });
}

/** Waits for a silent site again; one that has just dialled in is asked again what it failed at. */
export function listen(
  state: JobState,
  { site, anew }: Extract<JobEvent, { kind: 'site-spoke' }>,
): Progress {
  if (isOver(state) || !trustedSites(state).includes(site)) return reached(state);
  const heard = isMissed(state, site)
    ? reached(withoutSilence(state, site), { kind: 'site-returned', site })
    : reached(state);
  const outcome = state.gateOutcomes[site];
  if (!anew || outcome === undefined || outcome === 'pass') return heard;
  return andThen(heard, (next) =>
    reached(withoutOutcome(next, site), { kind: 'gate-asked-again', site }),
  );
}

/** Whether a word of this site would change anything. */
export function isMissed({ silentRounds }: JobState, site: string): boolean {
  return silentRounds[site] !== undefined;
}

export function withoutSilence(state: JobState, site: string): JobState {
  const { [site]: _, ...silentRounds } = state.silentRounds;
  return { ...state, silentRounds };
}

/** Counts a round that closed without a word of these sites. */
export function countSilence(state: JobState, sites: readonly string[]): Progress {
  const rounds = (site: string) => (state.silentRounds[site] ?? 0) + 1;
  const counted = Object.fromEntries(sites.map((site) => [site, rounds(site)]));
  const given = sites.filter((site) => counted[site] === MAX_SILENT_ROUNDS);
  return reached(
    { ...state, silentRounds: { ...state.silentRounds, ...counted } },
    ...given.map((site) => ({ kind: 'site-not-awaited', site }) as const),
  );
}

export function revoke(
  state: JobState,
  { site }: Extract<JobEvent, { kind: 'site-revoked' }>,
): Progress {
  const takesPart = stillTrusted(state, invitedSites(state)).includes(site);
  if (isOver(state) || !takesPart) return reached(state);
  const revokedSites = [...state.revokedSites, site];
  return reached({ ...withoutSilence(state, site), revokedSites }, { kind: 'site-revoked', site });
}
