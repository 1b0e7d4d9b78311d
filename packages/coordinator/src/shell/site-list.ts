import type { Clock } from '@fedvox/base';
import { LONG_POLL_MS } from '@fedvox/protocol';
import type { SiteStatus } from '../rest-contract.js';
import type { Store } from '../store/store.js';
import type { IdentityWatch } from './identity-watch.js';
import type { Sightings } from './sightings.js';
import type { EnrolledSite, SiteDirectory } from './site-directory.js';
import type { TaskDesk } from './task-desk.js';

/** So many heartbeats, or polls, must be missed before a site counts as away. */
const MISSED_BEATS = 3;

export interface SiteListSources {
  readonly sites: SiteDirectory;
  readonly tasks: TaskDesk;
  readonly sightings: Sightings;
  readonly identities: IdentityWatch;
  readonly store: Store;
  readonly clock: Clock;
  readonly heartbeatIntervalMs: number;
}

/** Every site that was ever invited or enrolled, by name, and how it stands with each. */
export async function listSites(sources: SiteListSources): Promise<SiteStatus[]> {
  const { sites, store, clock } = sources;
  const enrolled = await sites.sites();
  const invitations = await store.unspentInvitations();
  const ends = new Map(invitations.map(({ site, expiresAtMs }) => [site, expiresAtMs]));
  const known = enrolled.map((site) => memberOf(site, ends.get(site.site) ?? null, sources));
  const names = new Set(enrolled.map(({ site }) => site));
  const invited = invitations
    .filter(({ site }) => !names.has(site))
    .map(({ site, expiresAtMs }): SiteStatus => {
      const standing = expiresAtMs > clock.nowMs() ? 'invited' : 'invitation-ended';
      return { ...NOBODY_YET, site, standing, invitationEndsAtMs: expiresAtMs };
    });
  return [...known, ...invited].sort((a, b) => (a.site < b.site ? -1 : 1));
}

const NOBODY_YET = {
  enrolledAtMs: null,
  certificateEndsAtMs: null,
  revoked: false,
  lastSeenAtMs: null,
  away: true,
  state: null,
  sharedAtMs: null,
} as const;

function memberOf(
  { site, revoked, enrolledAtMs, certificateEndsAtMs }: EnrolledSite,
  invitationEndsAtMs: number | null,
  { tasks, sightings, identities, clock, heartbeatIntervalMs }: SiteListSources,
): SiteStatus {
  const lastSeenAtMs = sightings.lastSeenAtMs(site);
  const awayAfterMs = MISSED_BEATS * Math.max(heartbeatIntervalMs, LONG_POLL_MS);
  const away = lastSeenAtMs === null || clock.nowMs() - lastSeenAtMs > awayAfterMs;
  return {
    site,
    standing: revoked ? 'revoked' : 'enrolled',
    enrolledAtMs,
    certificateEndsAtMs,
    invitationEndsAtMs,
    revoked,
    lastSeenAtMs,
    away,
    state: away ? null : (tasks.presence(site)?.state ?? null),
    sharedAtMs: identities.sharedAtMs(site),
  };
}
