import { beforeAll, describe, expect, it } from 'vitest';
import { createAuthority } from './authority.js';
import { createInvitation, hashToken, newToken, parseInvitation } from './invitation.js';

const nowMs = Date.UTC(2026, 0, 1);
let text: string;

beforeAll(async () => {
  const authority = await createAuthority({ federation: 'north', validDays: 9, nowMs });
  text = createInvitation({
    federation: 'north',
    site: 'alice',
    enrollmentAddress: 'fed.example.org:7401',
    federationAddress: '[2001:db8::1]:7402',
    caCertificatePem: authority.certificatePem,
    token: newToken(),
    expiresAt: '2026-01-08T00:00:00.000Z',
  });
});

const altered = (change: object) => JSON.stringify({ ...JSON.parse(text), ...change });

describe('an invitation', () => {
  it('is read back as it was made', () => {
    expect(createInvitation(parseInvitation(text, nowMs))).toBe(text);
  });

  it.each([
    ['a member too many', { extra: 1 }],
    ['an address without a port', { federationAddress: 'fed.example.org' }],
    ['a URL for an address', { federationAddress: 'https://fed.example.org:1' }],
    ['a root that is no certificate', { caCertificatePem: 'x' }],
    ['a site with a strange name', { site: '../alice' }],
    ['another kind', { kind: 'fedvox/invitation/v2' }],
    ['no token', { token: '' }],
  ])('is refused with %s, naming the member', (_, change) => {
    expect(() => parseInvitation(altered(change), nowMs)).toThrow(
      expect.objectContaining({
        code: 'pki/invitation-unreadable',
        message: expect.stringContaining(Object.keys(change)[0]!),
      }),
    );
  });

  it('is refused when it is not JSON or far too long', () => {
    const code = 'pki/invitation-unreadable';
    for (const bad of ['', 'hello', ' '.repeat(100_000)]) {
      expect(() => parseInvitation(bad, nowMs)).toThrow(expect.objectContaining({ code }));
    }
  });

  it('is refused from its last instant on, with advice that names the site', () => {
    const endMs = Date.UTC(2026, 0, 8);
    expect(parseInvitation(text, endMs - 1).site).toBe('alice');
    expect(() => parseInvitation(text, endMs)).toThrow(
      expect.objectContaining({
        code: 'pki/invitation-expired',
        advice: expect.stringContaining('fedvox site invite alice'),
      }),
    );
  });
});

describe('a token', () => {
  it('is 256 random bits, never the same twice', () => {
    const tokens = new Set(Array.from({ length: 100 }, newToken));
    expect(tokens.size).toBe(100);
    for (const token of tokens) {
      expect(Buffer.from(token.replace('fedvox-invite-', ''), 'base64url')).toHaveLength(32);
    }
  });

  it('is kept as its SHA-256', () => {
    // printf fedvox-invite-x | sha256sum
    expect(hashToken('fedvox-invite-x')).toBe(
      'c43f7d8e325f4f3b0e053dbdb43e0b59ad2c0ddfddf3b7e42a442a6c9e3a1233',
    );
  });
});
