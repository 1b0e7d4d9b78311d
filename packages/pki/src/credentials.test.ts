import { chmod, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type Authority, createAuthority, issueCertificate } from './authority.js';
import { loadCredentials, loadOrCreatePendingKey, saveCredentials } from './credentials.js';
import { createKeyPair, type KeyPair } from './keys.js';

const nowMs = Date.now();
let authority: Authority;
let otherAuthority: Authority;
let keys: KeyPair;
let chain: string;
let folder: string;

beforeAll(async () => {
  authority = await createAuthority({ federation: 'north', validDays: 9, nowMs });
  otherAuthority = await createAuthority({ federation: 'north', validDays: 9, nowMs });
  keys = await createKeyPair();
  const identity = { federation: 'north', role: 'site', name: 'alice' } as const;
  const terms = { authority, identity, validDays: 9, nowMs, publicKeyPem: keys.publicKeyPem };
  chain = (await issueCertificate(terms)).certificatePem + authority.certificatePem;
});
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'fedvox-credentials-'));
});
afterEach(() => rm(folder, { recursive: true }));

const parts = () => ({
  keyPem: keys.privateKeyPem,
  certificateChainPem: chain,
  caPem: authority.certificatePem,
});

describe('credentials', () => {
  it('come back as they were saved, with the identity they are for', async () => {
    const saved = await saveCredentials(folder, parts());
    expect(await loadCredentials(folder)).toEqual(saved);
    expect(saved.identity).toEqual({ federation: 'north', role: 'site', name: 'alice' });
  });

  it('are readable by their owner only, and refused when others may read them', async () => {
    await saveCredentials(folder, parts());
    const file = join(folder, 'credentials.pem');
    expect((await stat(file)).mode & 0o777).toBe(0o600);
    await chmod(file, 0o640);
    await expect(loadCredentials(folder)).rejects.toMatchObject({
      code: 'pki/key-exposed',
    });
  });

  it('are missing before enrolment, and said to be', async () => {
    await expect(loadCredentials(folder)).rejects.toMatchObject({ code: 'pki/not-enrolled' });
  });

  it('are refused where key, certificate and root do not belong together', async () => {
    const code = 'pki/credentials-unreadable';
    for (const wrong of [
      { keyPem: otherAuthority.keyPem },
      { keyPem: 'nonsense' },
      { caPem: otherAuthority.certificatePem },
      { certificateChainPem: '' },
    ]) {
      await expect(saveCredentials(folder, { ...parts(), ...wrong })).rejects.toMatchObject({
        code,
      });
    }
    await expect(loadCredentials(folder)).rejects.toMatchObject({ code: 'pki/not-enrolled' });
  });

  it('that were damaged on disk are named, not crashed on', async () => {
    await saveCredentials(folder, parts());
    const file = join(folder, 'credentials.pem');
    await writeFile(file, (await readFile(file, 'utf8')).slice(0, 500));
    await expect(loadCredentials(folder)).rejects.toMatchObject({
      code: 'pki/credentials-unreadable',
    });
  });
});

describe('a pending key', () => {
  it('stays the same until credentials are saved, so that enrolment can be repeated', async () => {
    const inside = join(folder, 'state');
    const first = await loadOrCreatePendingKey(inside);
    expect(await loadOrCreatePendingKey(inside)).toBe(first);
    expect((await stat(join(inside, 'pending.key'))).mode & 0o777).toBe(0o600);
    await saveCredentials(inside, parts());
    expect(await loadOrCreatePendingKey(inside)).not.toBe(first);
  });
});
