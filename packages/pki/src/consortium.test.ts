import { X509Certificate } from 'node:crypto';
import { mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { readIdentity } from './certificate.js';
import { initConsortium, loadConsortium } from './consortium.js';

let root: string;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'fedvox-consortium-'));
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
    const folder = join(root, 'deep', 'consortium');
    const made = await initConsortium(spec(folder));
    expect((await readdir(folder)).sort()).toEqual(
      ['ca', 'coordinator', 'operator'].flatMap((name) => [`${name}.key`, `${name}.pem`]),
    );
    for (const name of ['ca', 'coordinator', 'operator']) {
      expect((await stat(join(folder, `${name}.key`))).mode & 0o777).toBe(0o600);
    }
    expect(await loadConsortium(folder)).toEqual(made);
    expect(readIdentity(made.coordinator.certificatePem).role).toBe('coordinator');
    expect(readIdentity(made.operator.certificatePem).role).toBe('operator');
    const coordinator = new X509Certificate(made.coordinator.certificatePem);
    expect(coordinator.checkHost('localhost')).toBe('localhost');
    expect(coordinator.checkIssued(new X509Certificate(made.authority.certificatePem))).toBe(true);
  });

  it('is made in a folder that exists and is empty', async () => {
    const folder = join(root, 'empty');
    await mkdir(folder);
    await initConsortium(spec(folder));
    expect(await readdir(folder)).toHaveLength(6);
  });

  it('is never made over anything, and a refusal leaves nothing behind', async () => {
    const folder = join(root, 'occupied');
    await mkdir(folder);
    await writeFile(join(folder, 'ca.key'), 'precious');
    await expect(initConsortium(spec(folder))).rejects.toMatchObject({
      code: 'pki/consortium-exists',
    });
    expect(await readFile(join(folder, 'ca.key'), 'utf8')).toBe('precious');
    expect(await readdir(root)).toEqual(['occupied']);
  });

  it('leaves nothing behind when it cannot be made', async () => {
    const folder = join(root, 'new');
    await expect(initConsortium({ ...spec(folder), hosts: ['not a host'] })).rejects.toMatchObject({
      code: 'pki/host-invalid',
    });
    expect(await readdir(root)).toEqual([]);
  });

  it('is refused with a file missing, and the file is named', async () => {
    const folder = join(root, 'partial');
    await initConsortium(spec(folder));
    await rm(join(folder, 'coordinator.key'));
    await expect(loadConsortium(folder)).rejects.toMatchObject({
      code: 'pki/consortium-incomplete',
      message: expect.stringContaining('coordinator.key'),
    });
  });
});
