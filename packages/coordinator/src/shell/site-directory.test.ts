import { createPublicKey } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { VirtualClock } from '@fedvox/base';
import {
  type Authority,
  createAuthority,
  createCertificateRequest,
  createKeyPair,
  type KeyPair,
  keyId,
  readCertificate,
} from '@fedvox/pki';
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { RevocationFile } from '../store/revocation-file.js';
import { openSqliteStore } from '../store/sqlite-store.js';
import type { Store } from '../store/store.js';
import { SiteDirectory } from './site-directory.js';

const DAY_MS = 86_400_000;

describe('the directory of sites', () => {
  let authority: Authority;
  let keys: readonly KeyPair[];
  let request: Uint8Array;
  let otherRequest: Uint8Array;
  let ownRequest: Uint8Array;
  let folder: string;
  const files: RevocationFile[] = [];
  let store: Store;
  let directory: SiteDirectory;
  const nowMs = Date.now();
  let clock: VirtualClock;
  const openRevocations = async () => {
    const file = await RevocationFile.open(join(folder, 'revocations.jsonl'));
    files.push(file);
    return file;
  };
  const load = async () =>
    SiteDirectory.load({
      federation: 'testfed',
      store,
      clock,
      authority,
      revocations: await openRevocations(),
      ownKeys: [keyIdOf(keys[2] as KeyPair)],
      invitationDays: 7,
      certificateDays: 90,
    });
  beforeAll(async () => {
    authority = await createAuthority({ federation: 'testfed', validDays: 365, nowMs });
    keys = await Promise.all([createKeyPair(), createKeyPair(), createKeyPair()]);
    [request, otherRequest, ownRequest] = (await Promise.all(
      keys.map(({ privateKeyPem }) =>
        createCertificateRequest({ keyPem: privateKeyPem, name: 'whoever' }),
      ),
    )) as [Uint8Array, Uint8Array, Uint8Array];
  });
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'fedvox-directory-'));
    store = await openSqliteStore(':memory:');
    clock = new VirtualClock({ startMs: nowMs });
    directory = await load();
  });
  afterEach(async () => {
    await store.close();
    await Promise.all(files.splice(0).map((file) => file.close()));
    await rm(folder, { recursive: true });
  });

  it('certifies the site that the token is for, whatever name the request gives', async () => {
    const { token } = await directory.invite('north');
    const [der] = await directory.enroll(token, request);
    const { identity } = readCertificate(der as Uint8Array);
    expect(identity).toEqual({ federation: 'testfed', role: 'site', name: 'north' });
    expect(await directory.sites()).toMatchObject([{ site: 'north', revoked: false }]);
  });

  it('gives the same certificate again for the same token and key', async () => {
    const { token } = await directory.invite('north');
    const first = await directory.enroll(token, request);
    clock.leap(30 * DAY_MS);
    expect(await directory.enroll(token, request)).toEqual(first);
  });

  it('gives one certificate to two calls at once with the same token', async () => {
    const { token } = await directory.invite('north');
    const both = await Promise.allSettled([
      directory.enroll(token, request),
      directory.enroll(token, otherRequest),
    ]);
    expect(both.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
    expect(await store.certificates()).toHaveLength(1);
  });

  it('refuses a used token for another key', async () => {
    const { token } = await directory.invite('north');
    await directory.enroll(token, request);
    const again = directory.enroll(token, otherRequest);
    await expect(again).rejects.toMatchObject({ code: 'refused/token-used' });
  });

  it('refuses a token that it never gave out, or too late', async () => {
    const unknown = directory.enroll('fedvox-invite-made-up', request);
    await expect(unknown).rejects.toMatchObject({ code: 'refused/token-invalid' });
    const { token } = await directory.invite('north');
    clock.leap(8 * DAY_MS);
    const late = directory.enroll(token, request);
    await expect(late).rejects.toMatchObject({ code: 'refused/token-expired' });
  });

  it('refuses a request that is none, and leaves the token unspent', async () => {
    const { token } = await directory.invite('north');
    const bad = directory.enroll(token, Buffer.from('not a request'));
    await expect(bad).rejects.toMatchObject({ code: 'refused/request-invalid' });
    await expect(directory.enroll(token, request)).resolves.toHaveLength(2);
  });

  it('refuses a revoked certificate from the next call on, also after a restart', async () => {
    const { token } = await directory.invite('north');
    const [der] = await directory.enroll(token, request);
    const first = readCertificate(der as Uint8Array);
    const [renewed] = await directory.renew(first, otherRequest);
    const certificates = [first, readCertificate(renewed as Uint8Array)];
    for (const certificate of certificates) directory.authorize(certificate);
    await directory.revoke('north');
    for (const who of [directory, await load()]) {
      for (const certificate of certificates) {
        expect(() => who.authorize(certificate)).toThrow('the certificate of north was revoked');
      }
    }
    const again = directory.enroll(token, request);
    await expect(again).rejects.toMatchObject({ code: 'refused/token-used' });
  });

  it('renews nothing for a site that is revoked at the same moment', async () => {
    const { token } = await directory.invite('north');
    const [der] = await directory.enroll(token, request);
    const shown = readCertificate(der as Uint8Array);
    const [renewal] = await Promise.allSettled([
      directory.renew(shown, otherRequest),
      directory.revoke('north'),
    ]);
    expect(renewal).toMatchObject({ reason: { code: 'refused/revoked' } });
    expect(await directory.sites()).toMatchObject([{ revoked: true }]);
  });

  it('lets no invitation outlive the revocation of its site', async () => {
    await directory.enroll((await directory.invite('north')).token, request);
    const { token } = await directory.invite('north', true);
    const [enrolment] = await Promise.allSettled([
      directory.enroll(token, otherRequest),
      directory.revoke('north'),
    ]);
    expect(enrolment).toMatchObject({ reason: { code: 'refused/token-expired' } });
  });

  it('cannot revoke a site that never enrolled', async () => {
    const revocation = directory.revoke('nowhere');
    await expect(revocation).rejects.toMatchObject({ code: 'coordinator/no-such-site' });
  });

  it('lets in nobody with an earlier invitation than the newest', async () => {
    const first = await directory.invite('north');
    const second = await directory.invite('north');
    const late = directory.enroll(first.token, request);
    await expect(late).rejects.toMatchObject({ code: 'refused/token-replaced' });
    await expect(directory.enroll(second.token, request)).resolves.toHaveLength(2);
  });

  it('invites a site that has a certificate only to replace it, and then revokes the old one', async () => {
    const shutOut: string[] = [];
    directory.onShutOut(async (site) => {
      shutOut.push(site);
    });
    const [der] = await directory.enroll((await directory.invite('north')).token, request);
    const old = readCertificate(der as Uint8Array);
    await expect(directory.invite('north')).rejects.toMatchObject({
      code: 'coordinator/site-enrolled',
    });
    const { token } = await directory.invite('north', true);
    directory.authorize(old);
    const [next] = await directory.enroll(token, otherRequest);
    expect(() => directory.authorize(old)).toThrow('revoked');
    directory.authorize(readCertificate(next as Uint8Array));
    expect(shutOut).toEqual(['north']);
    expect(await directory.sites()).toMatchObject([{ site: 'north', revoked: false }]);
  });

  it('invites a site anew, without more words, once its certificate has ended', async () => {
    await directory.enroll((await directory.invite('north')).token, request);
    clock.leap(91 * DAY_MS);
    const { token } = await directory.invite('north');
    await expect(directory.enroll(token, otherRequest)).resolves.toHaveLength(2);
  });

  it('gives no key to two names, nor the consortium’s own to a site', async () => {
    const [der] = await directory.enroll((await directory.invite('north')).token, request);
    const { token } = await directory.invite('south');
    for (const taken of [request, ownRequest]) {
      const enrolment = directory.enroll(token, taken);
      await expect(enrolment).rejects.toMatchObject({ code: 'refused/key-in-use' });
    }
    await directory.enroll(token, otherRequest);
    const renewal = directory.renew(readCertificate(der as Uint8Array), otherRequest);
    await expect(renewal).rejects.toMatchObject({ code: 'refused/key-in-use' });
  });

  it('renews once an hour, and gives the same certificate to the same key meanwhile', async () => {
    const [der] = await directory.enroll((await directory.invite('north')).token, request);
    const shown = readCertificate(der as Uint8Array);
    const renewed = await directory.renew(shown, otherRequest);
    expect(await directory.renew(shown, otherRequest)).toEqual(renewed);
    const soon = directory.renew(shown, request);
    await expect(soon).rejects.toMatchObject({ code: 'refused/renewal-too-soon' });
    clock.leap(3_600_000);
    expect(await directory.renew(shown, otherRequest)).not.toEqual(renewed);
  });

  it('writes down what its database knows to be revoked, and takes up what only the file knows', async () => {
    const [der] = await directory.enroll((await directory.invite('north')).token, request);
    const north = readCertificate(der as Uint8Array);
    await store.revokeSite('north', nowMs);
    await load();
    await store.close();
    store = await openSqliteStore(':memory:');
    expect(() => directory.authorize(north)).not.toThrow();
    const restored = await load();
    expect(() => restored.authorize(north)).toThrow('the certificate of north was revoked');
  });
});

function keyIdOf({ publicKeyPem }: KeyPair): string {
  return keyId(createPublicKey(publicKeyPem));
}
