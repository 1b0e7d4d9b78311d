import {
  chmod,
  copyFile,
  cp,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  rm,
  stat,
  writeFile,
} from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { hostsOf, readCertificate, readIdentity } from './certificate.js';
import {
  type Consortium,
  initConsortium,
  loadConsortium,
  reissueMember,
  renewConsortium,
} from './consortium.js';

/** Two consortia, made once: keys take seconds. Tests work on copies. */
let templates: string;
let root: string;
let made: Consortium;

beforeAll(async () => {
  templates = await mkdtemp(join(tmpdir(), 'fedvox-consortium-'));
  made = await initConsortium(spec(join(templates, 'deep', 'one')));
  await mkdir(join(templates, 'empty'));
  await initConsortium(spec(join(templates, 'empty')));
});
afterAll(() => rm(templates, { recursive: true }));
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'fedvox-consortium-'));
  await cp(join(templates, 'deep', 'one'), join(root, 'one'), { recursive: true });
  await cp(join(templates, 'empty'), join(root, 'other'), { recursive: true });
});
afterEach(() => rm(root, { recursive: true }));

const spec = (folder: string) => ({
  folder,
  federation: 'north',
  hosts: ['localhost', '127.0.0.1'],
  nowMs: Date.now(),
});

describe('a consortium folder', () => {
  it('holds the root, the coordinator and the operator, keys for their owner only', async () => {
    const folder = join(templates, 'deep', 'one');
    expect((await readdir(folder)).sort()).toEqual(
      ['ca', 'coordinator', 'operator'].flatMap((name) => [`${name}.key`, `${name}.pem`]),
    );
    for (const name of ['ca', 'coordinator', 'operator']) {
      expect((await stat(join(folder, `${name}.key`))).mode & 0o777).toBe(0o600);
    }
    expect(await loadConsortium(folder)).toEqual(made);
    expect(readIdentity(made.coordinator.certificatePem).role).toBe('coordinator');
    expect(readIdentity(made.operator.certificatePem).role).toBe('operator');
    expect(hostsOf(made.coordinator.certificatePem)).toEqual(['localhost', '127.0.0.1']);
  });

  it('is made in a folder that exists and is empty, and leaves no draft beside it', async () => {
    expect(await readdir(join(templates, 'empty'))).toHaveLength(6);
    expect((await readdir(templates)).sort()).toEqual(['deep', 'empty']);
  });

  it('is never made over anything, and a refusal leaves nothing behind', async () => {
    const folder = join(root, 'occupied');
    await mkdir(folder);
    await writeFile(join(folder, 'ca.key'), 'precious');
    await expect(initConsortium(spec(folder))).rejects.toMatchObject({
      code: 'pki/consortium-exists',
    });
    expect(await readFile(join(folder, 'ca.key'), 'utf8')).toBe('precious');
    expect(await readdir(root)).toEqual(['occupied', 'one', 'other']);
  });

  it('is not made for a host that is none', async () => {
    const hosts = ['not a host'];
    await expect(initConsortium({ ...spec(join(root, 'new')), hosts })).rejects.toMatchObject({
      code: 'pki/host-invalid',
    });
    expect(await readdir(root)).toEqual(['one', 'other']);
  });

  it('is refused with a file missing, and the file is named', async () => {
    await rm(join(root, 'one', 'coordinator.key'));
    await expect(loadConsortium(join(root, 'one'))).rejects.toMatchObject({
      code: 'pki/consortium-incomplete',
      message: expect.stringContaining('coordinator.key'),
    });
  });

  it.each([
    ['a foreign key', { 'coordinator.key': 'other/coordinator.key' }, /is not the key of/],
    ['a foreign root key', { 'ca.key': 'other/ca.key' }, /ca.key is not the key of ca.pem/],
    [
      'a foreign member',
      { 'operator.key': 'other/operator.key', 'operator.pem': 'other/operator.pem' },
      /operator.pem was not issued by ca.pem/,
    ],
    [
      'a member in the place of another',
      { 'operator.key': 'one/coordinator.key', 'operator.pem': 'one/coordinator.pem' },
      /operator.pem is for another role/,
    ],
  ])('is refused with %s in it', async (_, replaced, reason) => {
    for (const [file, source] of Object.entries(replaced)) {
      await copyFile(join(root, source), join(root, 'one', file));
    }
    const failure = await loadConsortium(join(root, 'one')).catch((error) => error);
    expect(failure.code).toBe('pki/consortium-inconsistent');
    expect(failure.message).toMatch(reason);
  });

  it('is refused when others may read its root key', async () => {
    await chmod(join(root, 'one', 'ca.key'), 0o644);
    await expect(loadConsortium(join(root, 'one'))).rejects.toMatchObject({
      code: 'pki/key-exposed',
    });
  });
});

describe('reissuing a member', () => {
  it('keeps its key and its hosts, with a serial and a life of its own', async () => {
    const folder = join(root, 'one');
    const nowMs = Date.now();
    const spec = { folder, member: 'coordinator', nowMs, memberDays: 7 } as const;
    const reissued = await reissueMember(spec);
    expect((await loadConsortium(folder)).coordinator).toEqual(reissued);
    expect(reissued.keyPem).toBe(made.coordinator.keyPem);
    const [before, after] = [made.coordinator, reissued].map(({ certificatePem }) =>
      readCertificate(certificatePem),
    );
    expect(hostsOf(reissued.certificatePem)).toEqual(['localhost', '127.0.0.1']);
    expect(after!.identity).toEqual(before!.identity);
    expect(after!.serial).not.toBe(before!.serial);
    expect(Math.abs(after!.notAfterMs - (nowMs + 7 * 86_400_000))).toBeLessThan(1_000);
  });

  it('moves the coordinator to another address', async () => {
    const hosts = ['fed.example.org'];
    const folder = join(root, 'one');
    await reissueMember({ folder, member: 'coordinator', hosts, nowMs: Date.now() });
    expect(hostsOf((await loadConsortium(folder)).coordinator.certificatePem)).toEqual(hosts);
  });
});

describe('renewing a consortium', () => {
  it('gives coordinator and operator new certificates for the keys and names they have', async () => {
    const folder = join(root, 'one');
    const renewed = await renewConsortium({ folder, nowMs: Date.now() + 1_000 * 86_400_000 });
    const { authority, coordinator, operator } = await loadConsortium(folder);
    expect({ coordinator, operator }).toEqual(renewed);
    expect(authority).toEqual(made.authority);
    for (const member of ['coordinator', 'operator'] as const) {
      const [before, after] = [made, renewed].map((from) =>
        readCertificate(from[member].certificatePem),
      );
      expect(after!.identity).toEqual(before!.identity);
      expect(after!.keyId).toBe(before!.keyId);
      expect(after!.notAfterMs - before!.notAfterMs).toBeGreaterThan(999 * 86_400_000);
    }
    expect(hostsOf(coordinator.certificatePem)).toEqual(['localhost', '127.0.0.1']);
  });

  it('moves the coordinator to other hosts', async () => {
    const folder = join(root, 'one');
    const hosts = ['fed.example.org', '192.0.2.7'];
    await renewConsortium({ folder, hosts, nowMs: Date.now() });
    expect(hostsOf((await loadConsortium(folder)).coordinator.certificatePem)).toEqual(hosts);
  });

  it('makes the operator a new key where the old one is not to be trusted any more', async () => {
    const folder = join(root, 'one');
    const spec = { folder, newOperatorKey: true, nowMs: Date.now() };
    const { operator } = await renewConsortium(spec);
    expect(operator.keyPem).not.toBe(made.operator.keyPem);
    expect((await stat(join(folder, 'operator.key'))).mode & 0o777).toBe(0o600);
    // As a crash between the two files would leave them.
    await copyFile(join(root, 'other', 'operator.key'), join(folder, 'operator.key'));
    await renewConsortium(spec);
    expect((await loadConsortium(folder)).coordinator.keyPem).toBe(made.coordinator.keyPem);
  });
});
