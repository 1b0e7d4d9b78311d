import { describe, expect, it } from 'vitest';
import { createAuthority } from './authority.js';
import { needsRenewal } from './renewal.js';
import { RevocationList } from './revocation.js';

const DAY_MS = 86_400_000;

describe('a certificate', () => {
  it('needs renewal when less than a third of its life is left', async () => {
    const nowMs = Date.now();
    const spec = { federation: 'north', validDays: 90, nowMs };
    const { certificatePem } = await createAuthority(spec);
    expect(needsRenewal(certificatePem, nowMs)).toBe(false);
    expect(needsRenewal(certificatePem, nowMs + 59 * DAY_MS)).toBe(false);
    expect(needsRenewal(certificatePem, nowMs + 61 * DAY_MS)).toBe(true);
    expect(needsRenewal(certificatePem, nowMs + 91 * DAY_MS)).toBe(true);
  });
});

describe('a revocation list', () => {
  const revocation = { serial: '4A0B', name: 'alice', revokedAtMs: 1 };

  it('finds a serial however it is written', () => {
    const list = new RevocationList([revocation]);
    for (const serial of ['4a0b', '4A0B', '4A:0B', '004a0b']) expect(list.has(serial)).toBe(true);
    expect(list.has('4a0c')).toBe(false);
    expect(new RevocationList().has('4a0b')).toBe(false);
  });

  it('grows into a new list, and the first revocation of a certificate stands', () => {
    const empty = new RevocationList();
    const list = empty.with(revocation).with({ ...revocation, revokedAtMs: 2 });
    expect(empty.has('4a0b')).toBe(false);
    expect(list.entries).toEqual([revocation]);
  });
});
