import type { SiteStatus } from '@fedvox/coordinator';
import { moment } from './moment.js';
import { table } from './table.js';

/** Every site as its operator reads it: how it stands, and what it is doing or since when it is away. */
export function sitesText(sites: readonly SiteStatus[]): string {
  const rows = sites.map((site) => [
    site.site,
    standingText(site),
    stateText(site),
    moment(site.certificateEndsAtMs),
  ]);
  const listed = table(['site', 'standing', 'state', 'certificate ends'], rows);
  return [listed, ...sites.flatMap(sharedText)].join('\n');
}

function sharedText({ site, sharedAtMs }: SiteStatus): string[] {
  if (sharedAtMs === null) return [];
  const what = `Two agents speak as ${site}, last noticed ${moment(sharedAtMs)}`;
  return [`${what}: stop the copy, or shut the site out with "fedvox site revoke ${site}".`];
}

function standingText({ standing, invitationEndsAtMs }: SiteStatus): string {
  if (standing === 'invited') return `invited until ${moment(invitationEndsAtMs)}`;
  if (standing === 'invitation-ended') return `invitation ended ${moment(invitationEndsAtMs)}`;
  return standing;
}

function stateText({ standing, away, state, lastSeenAtMs }: SiteStatus): string {
  if (standing === 'invited' || standing === 'invitation-ended') return '-';
  if (lastSeenAtMs === null) return 'never seen';
  if (away) return `away since ${moment(lastSeenAtMs)}`;
  return `${state ?? 'seen'}, ${moment(lastSeenAtMs)}`;
}
