import { assert } from '@fedvox/base';
import { matchesName } from '@fedvox/job';
import { orderedBy } from './facts.js';
import { isOver, type JobEvent, type JobState } from './job-state.js';
import { NEW_MEMBER, withMember } from './member.js';
import { isInvited, isTrusted, MAX_SILENT_ROUNDS } from './standing.js';
import { andThen, reached, type Transition } from './transition.js';

/** A site has a new certificate: the job invites it where it is meant, also after a revocation. */
export function enrol(
  state: JobState,
  { site }: Extract<JobEvent, { kind: 'site-enrolled' }>,
): Transition {
  const isMeant =
    isInvited(state, site) || state.plan.laterSites.some((name) => matchesName(name, site));
  return isOver(state) || isTrusted(state, site) || !isMeant ? reached(state) : admit(state, site);
}

/** An operator wants the site: one that had failed the gate is asked again, at once. */
export function invite(
  state: JobState,
  { site, by }: Extract<JobEvent, { kind: 'site-invited' }>,
): Transition {
  assert(!isOver(state), 'only a job that is not over invites');
  return isTrusted(state, site) ? askAnew(state, site) : admit(state, site, by);
}

function admit(state: JobState, site: string, by?: string): Transition {
  const invited = isInvited(state, site)
    ? withMember(state, site, { isRevoked: false, outcome: null })
    : { ...state, members: state.members.with(site, NEW_MEMBER) };
  return reached(invited, { kind: 'site-invited', site, ...orderedBy(by) });
}

/** Waits for a silent site again; one that has just dialled in is asked again what it failed at. */
export function listen(
  state: JobState,
  { site, anew }: Extract<JobEvent, { kind: 'site-spoke' }>,
): Transition {
  if (isOver(state) || !isTrusted(state, site)) return reached(state);
  const heard = isMissed(state, site)
    ? reached(withoutSilence(state, site), { kind: 'site-returned', site })
    : reached(state);
  return anew ? andThen(heard, (next) => askAnew(next, site)) : heard;
}

/** Asks the gate's question again of a site that did not pass it. */
function askAnew(state: JobState, site: string): Transition {
  const outcome = state.members.get(site)?.outcome ?? null;
  if (outcome === null || outcome === 'pass') return reached(state);
  return reached(withMember(state, site, { outcome: null }), { kind: 'gate-asked-again', site });
}

/** Whether a word of this site would change anything. */
export function isMissed({ members }: JobState, site: string): boolean {
  return (members.get(site)?.silentRounds ?? 0) > 0;
}

export function withoutSilence(state: JobState, site: string): JobState {
  return withMember(state, site, { silentRounds: 0 });
}

/** Counts a round that closed without a word of these sites. */
export function countSilence(state: JobState, sites: readonly string[]): Transition {
  const rounds = (site: string) => (state.members.get(site)?.silentRounds ?? 0) + 1;
  const given = sites.filter((site) => rounds(site) === MAX_SILENT_ROUNDS);
  return reached(
    sites.reduce((next, site) => withMember(next, site, { silentRounds: rounds(site) }), state),
    ...given.map((site) => ({ kind: 'site-not-awaited', site }) as const),
  );
}

export function revoke(
  state: JobState,
  { site, by }: Extract<JobEvent, { kind: 'site-revoked' }>,
): Transition {
  if (isOver(state) || !isTrusted(state, site)) return reached(state);
  const revoked = withMember(state, site, { isRevoked: true, silentRounds: 0 });
  return reached(revoked, { kind: 'site-revoked', site, ...orderedBy(by) });
}
