import type { SiteStatus } from '@fedvox/coordinator';
import { describe, expect, it } from 'vitest';
import { sitesText } from './sites-text.js';

const atMs = Date.UTC(2026, 0, 2, 3, 4, 5);
const site = (name: string, changes: Partial<SiteStatus>): SiteStatus => ({
  site: name,
  standing: 'enrolled',
  enrolledAtMs: 0,
  certificateEndsAtMs: atMs,
  invitationEndsAtMs: null,
  revoked: false,
  lastSeenAtMs: atMs,
  away: false,
  state: 'training',
  sharedAtMs: null,
  ...changes,
});

describe('the list of sites', () => {
  it('says below it which site two agents speak as', () => {
    const text = sitesText([site('east', {}), site('north', { sharedAtMs: atMs })]);
    expect(text.split('\n').slice(4)).toEqual([
      'Two agents speak as north, last noticed 2026-01-02T03:04:05Z: stop the copy, or shut the site out with "fedvox site revoke north".',
    ]);
  });

  it('says who is invited, at work, away since when, never seen, and revoked', () => {
    const invited = { certificateEndsAtMs: null, lastSeenAtMs: null, invitationEndsAtMs: atMs };
    expect(
      sitesText([
        site('east', {}),
        site('north', { away: true, state: null }),
        site('new', { lastSeenAtMs: null, away: true, state: null }),
        site('late', { standing: 'invitation-ended', ...invited }),
        site('next', { standing: 'invited', ...invited }),
        site('west', { standing: 'revoked', revoked: true, away: true, state: null }),
      ]),
    ).toBe(`site   standing                               state                            certificate ends
-----  -------------------------------------  -------------------------------  --------------------
east   enrolled                               training, 2026-01-02T03:04:05Z   2026-01-02T03:04:05Z
north  enrolled                               away since 2026-01-02T03:04:05Z  2026-01-02T03:04:05Z
new    enrolled                               never seen                       2026-01-02T03:04:05Z
late   invitation ended 2026-01-02T03:04:05Z  -                                -
next   invited until 2026-01-02T03:04:05Z     -                                -
west   revoked                                away since 2026-01-02T03:04:05Z  2026-01-02T03:04:05Z`);
  });
});
