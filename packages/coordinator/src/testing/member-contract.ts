import { type Sha256, sha256 } from '@fedvox/base';
import { beforeEach, expect, it } from 'vitest';
import type { NewCertificate, NewInvitation, Store } from '../store/store.js';

/** What a store must do with invitations, certificates and operators. */
export function describeMembers(opened: () => Store): void {
  let store: Store;
  beforeEach(() => {
    store = opened();
  });

  it('spends an invitation once, together with its certificate', async () => {
    const tokenHash = sha256('token');
    await store.addInvitation(invitationOf('north', tokenHash, 100));
    expect(await store.invitation(tokenHash)).toMatchObject({ spentOn: null });
    expect(await store.spendInvitation(tokenHash, certificateOf('north', '01'), [])).toBe(true);
    expect(await store.spendInvitation(tokenHash, certificateOf('north', '02'), [])).toBe(false);
    const certificates = await store.certificates();
    expect(certificates).toEqual([{ ...certificateOf('north', '01'), revokedAtMs: null }]);
    expect((await store.invitation(tokenHash))?.spentOn).toEqual(certificates[0]);
  });

  it('knows which sites hold an invitation that is still good', async () => {
    for (const [site, expiresAtMs] of [
      ['south', 100],
      ['north', 100],
      ['east', 50],
    ] as const) {
      await store.addInvitation(invitationOf(site, sha256(site), expiresAtMs));
    }
    await store.spendInvitation(sha256('north'), certificateOf('north', '01'), []);
    expect(await store.openInvitations(49)).toEqual(['east', 'south']);
    expect(await store.openInvitations(50)).toEqual(['south']);
  });

  it('does not spend an invitation that has expired', async () => {
    const tokenHash = sha256('token');
    await store.addInvitation(invitationOf('north', tokenHash, 9));
    expect(await store.spendInvitation(tokenHash, certificateOf('north', '09'), [])).toBe(false);
    expect(await store.certificates()).toEqual([]);
  });

  it('does not spend an invitation on another site’s certificate', async () => {
    const tokenHash = sha256('token');
    await store.addInvitation(invitationOf('north', tokenHash, 100));
    expect(await store.spendInvitation(tokenHash, certificateOf('south', '01'), [])).toBe(false);
    expect(await store.certificates()).toEqual([]);
  });

  it('has one open invitation of a site: the newest', async () => {
    const [first, second, other] = [sha256('first'), sha256('second'), sha256('other')];
    await store.addInvitation(invitationOf('north', first, 100));
    await store.addInvitation(invitationOf('south', other, 100));
    await store.addInvitation(invitationOf('north', second, 100));
    expect(await store.invitation(first)).toMatchObject({ isReplaced: true });
    expect(await store.spendInvitation(first, certificateOf('north', '01'), [])).toBe(false);
    expect(await store.spendInvitation(other, certificateOf('south', '02'), [])).toBe(true);
    expect(await store.spendInvitation(second, certificateOf('north', '03'), [])).toBe(true);
  });

  it('revokes what an enrolment replaces, together with it, and of that site only', async () => {
    await enrol(store, certificateOf('north', '01'));
    await enrol(store, certificateOf('south', '02'));
    const tokenHash = sha256('again');
    await store.addInvitation(invitationOf('north', tokenHash, 100));
    const replaced = ['01', '02'];
    await store.spendInvitation(tokenHash, certificateOf('north', '03'), replaced);
    const certificates = await store.certificates();
    expect(certificates.map(({ serial, revokedAtMs }) => [serial, revokedAtMs])).toEqual([
      ['01', 3],
      ['03', null],
      ['02', null],
    ]);
  });

  it('renews for a certificate that counts, and for no other', async () => {
    await enrol(store, certificateOf('north', '01'));
    expect(await store.addRenewal('00', certificateOf('north', '02'))).toBe(false);
    expect(await store.addRenewal('01', certificateOf('north', '02'))).toBe(true);
    await store.revokeSite('north', 50);
    expect(await store.addRenewal('02', certificateOf('north', '03'))).toBe(false);
    expect(await store.certificates()).toHaveLength(2);
  });

  it('revokes every certificate of a site, and the tokens it still had', async () => {
    await enrol(store, certificateOf('north', '01'));
    await store.addRenewal('01', certificateOf('north', '02'));
    await enrol(store, certificateOf('south', '03'));
    const tokenHash = sha256('token');
    await store.addInvitation(invitationOf('north', tokenHash, 1_000));
    expect(await store.revokeSite('north', 50)).toEqual(['01', '02']);
    const revoked = (await store.certificates()).map(({ revokedAtMs }) => revokedAtMs);
    expect(revoked).toEqual([50, 50, null]);
    expect((await store.invitation(tokenHash))?.expiresAtMs).toBe(50);
  });

  it('takes up a revocation that it had not heard of, with the invitations of its time', async () => {
    await enrol(store, certificateOf('north', '01'));
    await enrol(store, certificateOf('south', '02'));
    const [before, after] = [sha256('before'), sha256('after')];
    await store.addInvitation(invitationOf('north', before, 1_000));
    await store.takeUpRevocation({ site: 'north', serials: ['01', '02', 'ff'], atMs: 50 });
    await store.addInvitation({ ...invitationOf('north', after, 1_000), createdAtMs: 50 });
    await store.takeUpRevocation({ site: 'north', serials: ['01', '02', 'ff'], atMs: 50 });
    const revoked = (await store.certificates()).map(({ revokedAtMs }) => revokedAtMs);
    expect(revoked).toEqual([50, null]);
    expect((await store.invitation(before))?.expiresAtMs).toBe(50);
    expect((await store.invitation(after))?.expiresAtMs).toBe(1_000);
  });

  it('keeps operators once, revokes them by key, and says who holds a key', async () => {
    const operator = {
      serial: '0f',
      name: 'anna',
      keyId: sha256('a key'),
      certificatePem: 'PEM',
      knownSinceMs: 1,
    };
    await store.keepOperators([operator]);
    await store.keepOperators([{ ...operator, knownSinceMs: 2 }]);
    expect(await store.operators()).toEqual([{ ...operator, revokedAtMs: null }]);
    await store.keepOperators([{ ...operator, serial: '10' }]);
    await store.revokeOperators([sha256('a key'), sha256('another key')], 7);
    await store.revokeOperators([sha256('a key')], 8);
    await store.keepOperators([{ ...operator, keyId: sha256('a new key'), serial: '11' }]);
    const revoked = (await store.operators()).map(({ serial, revokedAtMs }) => [
      serial,
      revokedAtMs,
    ]);
    expect(revoked).toEqual([
      ['0f', 7],
      ['10', 7],
      ['11', null],
    ]);
    await enrol(store, { ...certificateOf('north', '01'), keyId: sha256('a key') });
    expect(await store.holdersOf(sha256('a key'))).toEqual(['anna', 'north']);
    expect(await store.holdersOf(sha256('another key'))).toEqual([]);
  });
}

function invitationOf(site: string, tokenHash: Sha256, expiresAtMs: number): NewInvitation {
  return { tokenHash, site, createdAtMs: 1, expiresAtMs, replaces: false };
}

async function enrol(store: Store, certificate: NewCertificate): Promise<void> {
  const tokenHash = sha256(`token for ${certificate.serial}`);
  await store.addInvitation(invitationOf(certificate.site, tokenHash, 1_000));
  await store.spendInvitation(tokenHash, certificate, []);
}

function certificateOf(site: string, serial: string): NewCertificate {
  return {
    serial,
    site,
    keyId: sha256(`key of ${serial}`),
    certificatePem: `PEM ${serial}`,
    issuedAtMs: Number(serial),
  };
}
