import { beforeAll, describe, expect, it } from 'vitest';
import { type Authority, createAuthority, issueCertificate } from './authority.js';
import { createKeyPair } from './keys.js';
import { endWarning, termOf } from './term.js';

const DAY_MS = 86_400_000;
const startMs = Date.UTC(2026, 0, 1);
const at = (days: number) => startMs + days * DAY_MS;

describe('the term of a certificate', () => {
  let authority: Authority;
  let memberPem: string;
  beforeAll(async () => {
    authority = await createAuthority({ federation: 'north', validDays: 400, nowMs: startMs });
    const { publicKeyPem } = await createKeyPair();
    const identity = { federation: 'north', role: 'operator', name: 'operator' } as const;
    const terms = { authority, publicKeyPem, identity, validDays: 100, nowMs: startMs };
    memberPem = (await issueCertificate(terms)).certificatePem;
  });

  it.each([
    [-1, 'not-begun'],
    [39, 'good'],
    [41, 'ends-soon'],
    [99, 'ends-soon'],
    [100, 'ended'],
  ] as const)('of a member’s 100 days is on day %d: %s', (day, state) => {
    expect(termOf(memberPem, at(day)).state).toBe(state);
  });

  it('is warned of for half a year where it is the root’s', () => {
    expect(termOf(authority.certificatePem, at(219)).state).toBe('good');
    expect(termOf(authority.certificatePem, at(221)).state).toBe('ends-soon');
  });

  it('is told with its date and the days that are left', () => {
    const warning = (day: number) => endWarning('the certificate', memberPem, at(day));
    expect(warning(39)).toBeUndefined();
    expect(warning(90)).toBe('the certificate ends on 2026-04-11, in 10 days');
    expect(warning(99)).toBe('the certificate ends on 2026-04-11, in 1 day');
    expect(warning(101)).toBe('the certificate ended on 2026-04-11');
  });
});
