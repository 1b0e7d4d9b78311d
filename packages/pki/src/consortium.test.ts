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
  type FoundedConsortium,
  initConsortium,
  loadConsortium,
  reissueCoordinator,
} from './consortium.js';
import { renewConsortium } from './consortium-renewal.js';
import { loadOperatorCertificates } from './operator-certificates.js';
import { loadOperator } from './operator-folder.js';

/** Two consortia, made once: keys take seconds. Tests work on copies. */
let templates: string;
let root: string;
let made: FoundedConsortium;

beforeAll(async () => {
  templates = await mkdtemp(join(tmpdir(), 'fedvox-consortium-'));
  made = await initConsortium(spec(join(templates, 'deep', 'one')));
  await mkdir(join(templates, 'empty'));
  await initConsortium(spec(join(templates, 'empty')));
});
afterAll(() => rm(templates, { recursive: true }));
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'fedvox-consortium-'));
  for (const suffix of ['', '-operator']) {
    await cp(join(templates, 'deep', `one${suffix}`), join(root, `one${suffix}`), {
      recursive: true,
    });
  }
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
  it('holds root and coordinator, and who may operate; the operator’s key lies apart', async () => {
    const folder = join(templates, 'deep', 'one');
    const files = ['ca.key', 'ca.pem', 'coordinator.key', 'coordinator.pem', 'operators'];
    expect((await readdir(folder)).sort()).toEqual(files);
    expect(await readdir(join(folder, 'operators'))).toEqual(['operator.pem']);
    const own = ['ca.pem', 'operator.key', 'operator.pem'];
    expect((await readdir(`${folder}-operator`)).sort()).toEqual(own);
    for (const key of ['one/ca.key', 'one/coordinator.key', 'one-operator/operator.key']) {
      expect((await stat(join(templates, 'deep', key))).mode & 0o777).toBe(0o600);
    }
    const { authority, coordinator, operator } = made;
    expect(await loadConsortium(folder)).toEqual({ authority, coordinator });
    const caPem = authority.certificatePem;
    expect(await loadOperator(`${folder}-operator`)).toEqual({ ...operator, caPem });
    expect(readIdentity(made.coordinator.certificatePem).role).toBe('coordinator');
    expect(readIdentity(made.operator.certificatePem).role).toBe('operator');
    expect(hostsOf(made.coordinator.certificatePem)).toEqual(['localhost', '127.0.0.1']);
  });

  it('is made in a folder that exists and is empty, and leaves no draft beside it', async () => {
    expect(await readdir(join(templates, 'empty'))).toHaveLength(5);
    expect((await readdir(templates)).sort()).toEqual(['deep', 'empty', 'empty-operator']);
  });

  it('is never made over anything, and a refusal leaves nothing behind', async () => {
    const folder = join(root, 'occupied');
    await mkdir(folder);
    await writeFile(join(folder, 'ca.key'), 'precious');
    await expect(initConsortium(spec(folder))).rejects.toMatchObject({
      code: 'pki/consortium-exists',
    });
    expect(await readFile(join(folder, 'ca.key'), 'utf8')).toBe('precious');
    expect(await readdir(root)).toEqual(['occupied', 'one', 'one-operator', 'other']);
  });

  it('is not made for a host that is none', async () => {
    const hosts = ['not a host'];
    await expect(initConsortium({ ...spec(join(root, 'new')), hosts })).rejects.toMatchObject({
      code: 'pki/host-invalid',
    });
    expect(await readdir(root)).toEqual(['one', 'one-operator', 'other']);
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
      { 'coordinator.key': 'other/coordinator.key', 'coordinator.pem': 'other/coordinator.pem' },
      /coordinator.pem was not issued by ca.pem/,
    ],
    [
      'a member in the place of another',
      {
        'coordinator.key': 'one-operator/operator.key',
        'coordinator.pem': 'one-operator/operator.pem',
      },
      /coordinator.pem is for another role/,
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

describe('reissuing the coordinator’s certificate', () => {
  it('keeps its key and its hosts, with a serial and a life of its own', async () => {
    const folder = join(root, 'one');
    const nowMs = Date.now();
    const reissued = await reissueCoordinator({ folder, nowMs, memberDays: 7 });
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
    await reissueCoordinator({ folder, hosts, nowMs: Date.now() });
    expect(hostsOf((await loadConsortium(folder)).coordinator.certificatePem)).toEqual(hosts);
  });
});

describe('renewing a consortium', () => {
  it('gives coordinator and operators new certificates for the keys and names they have', async () => {
    const folder = join(root, 'one');
    const nowMs = Date.now() + 1_000 * 86_400_000;
    const renewed = await renewConsortium({ folder, nowMs });
    const { authority, coordinator } = await loadConsortium(folder);
    expect(coordinator).toEqual(renewed.coordinator);
    expect(authority).toEqual(made.authority);
    expect(await loadOperatorCertificates(folder)).toEqual(renewed.operators);
    const operator = await loadOperator(`${folder}-operator`);
    expect(operator.certificatePem).toBe(renewed.operators[0]?.certificatePem);
    expect(renewed.operatorFolder).toBe(`${folder}-operator`);
    for (const [was, is] of [
      [made.coordinator, coordinator],
      [made.operator, operator],
    ] as const) {
      const before = readCertificate(was.certificatePem);
      const after = readCertificate(is.certificatePem);
      expect(after.identity).toEqual(before.identity);
      expect(after.keyId).toBe(before.keyId);
      expect(after.notAfterMs - before.notAfterMs).toBeGreaterThan(999 * 86_400_000);
    }
    expect(hostsOf(coordinator.certificatePem)).toEqual(['localhost', '127.0.0.1']);
  });

  it('renews what may operate also where the operator’s files are elsewhere', async () => {
    const folder = join(root, 'one');
    await rm(`${folder}-operator`, { recursive: true });
    const { operators, operatorFolder } = await renewConsortium({ folder, nowMs: Date.now() });
    expect(operatorFolder).toBeNull();
    expect(operators.map(({ file }) => file)).toEqual([join('operators', 'operator.pem')]);
  });

  it('goes on with a consortium that has its operator’s files within, as all once had', async () => {
    const folder = join(root, 'one');
    for (const file of ['operator.key', 'operator.pem']) {
      await copyFile(join(`${folder}-operator`, file), join(folder, file));
    }
    for (const gone of [`${folder}-operator`, join(folder, 'operators')]) {
      await rm(gone, { recursive: true });
    }
    const spec = { folder, newOperatorKey: true, nowMs: Date.now() };
    const { operators, operatorFolder } = await renewConsortium(spec);
    expect(operatorFolder).toBe(folder);
    expect(operators.map(({ file }) => file)).toEqual(['operator.pem']);
    const { keyPem, certificatePem } = await loadOperator(folder);
    expect(keyPem).not.toBe(made.operator.keyPem);
    expect(operators[0]?.certificatePem).toBe(certificatePem);
  });

  it('moves the coordinator to other hosts', async () => {
    const folder = join(root, 'one');
    const hosts = ['fed.example.org', '192.0.2.7'];
    await renewConsortium({ folder, hosts, nowMs: Date.now() });
    expect(hostsOf((await loadConsortium(folder)).coordinator.certificatePem)).toEqual(hosts);
  });

  it('makes the operator a new key where the old one is not to be trusted any more', async () => {
    const folder = join(root, 'one');
    const own = `${folder}-operator`;
    const spec = { folder, newOperatorKey: true, nowMs: Date.now() };
    const { operators } = await renewConsortium(spec);
    const { keyPem, certificatePem } = await loadOperator(own);
    expect(keyPem).not.toBe(made.operator.keyPem);
    expect(operators).toEqual([{ file: join('operators', 'operator.pem'), certificatePem }]);
    expect((await stat(join(own, 'operator.key'))).mode & 0o777).toBe(0o600);
    // As a crash between the two files would leave them.
    await writeFile(join(own, 'operator.key'), made.operator.keyPem, { mode: 0o600 });
    await renewConsortium(spec);
    expect((await loadConsortium(folder)).coordinator.keyPem).toBe(made.coordinator.keyPem);
    expect((await loadOperator(own)).keyPem).not.toBe(keyPem);
  });
});
