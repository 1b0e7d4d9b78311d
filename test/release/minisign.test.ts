import { spawnSync } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { verifyRelease } from '@fedvox/installation';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { writeLockedKey } from './keys.js';
import { releaseTool, treeOf } from './release-tools.js';

const { writeArchive } = await releaseTool('tar-archive');
const { readSigningKey, publicKeyText, signatureText } = await releaseTool('signing');

const isThere = spawnSync('minisign', ['-v']).error === undefined;
let folder: string;
let archive: string;
const inFolder = (name: string) => join(folder, name);
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'fedvox-minisign-'));
  archive = inFolder('release.tar.gz');
  const tree = treeOf({ fedvox: 'a program' });
  await writeArchive({ tree, folder: 'fedvox', mtime: 1_700_000_000, path: archive });
});
afterAll(() => rm(folder, { recursive: true }));

function minisign(args: readonly string[], input = '') {
  const { status, stdout, stderr } = spawnSync('minisign', args, { input, encoding: 'utf8' });
  return { status, said: `${stdout}${stderr}` };
}

const newKey = (name: string) =>
  minisign(['-G', '-W', '-f', '-p', inFolder(`${name}.pub`), '-s', inFolder(`${name}.key`)]);
const verifies = (keyPath: string) => minisign(['-V', '-m', archive, '-p', keyPath]);

describe.skipIf(!isThere)('the real minisign', () => {
  it('verifies what we sign with its key, and we write the same public key', async () => {
    expect(newKey('maker')).toMatchObject({ status: 0 });
    const key = readSigningKey(inFolder('maker.key'));
    expect(publicKeyText(key)).toBe(await readFile(inFolder('maker.pub'), 'utf8'));
    const text = await signatureText({ path: archive, key, comment: 'of today' });
    await writeFile(`${archive}.minisig`, text);
    const { status, said } = verifies(inFolder('maker.pub'));
    expect(said).toContain('Trusted comment: of today');
    expect(status).toBe(0);

    expect(newKey('other')).toMatchObject({ status: 0 });
    expect(verifies(inFolder('other.pub')).status).not.toBe(0);
    await writeFile(`${archive}.minisig`, text.replace('of today', 'of then'));
    expect(verifies(inFolder('maker.pub')).status).not.toBe(0);
  });

  it('signs what we verify', async () => {
    newKey('signer');
    const args = ['-S', '-s', inFolder('signer.key'), '-m', archive, '-t', 'by minisign itself'];
    expect(minisign(args)).toMatchObject({ status: 0 });
    const keyPath = inFolder('signer.pub');
    expect(await verifyRelease(archive, { keyPath })).toMatchObject({
      comment: 'by minisign itself',
    });
  });

  it.each([
    { operations: 524_288, memory: 2 ** 24, cost: 2 ** 14 },
    { operations: 262_144, memory: 2 ** 24, cost: 2 ** 13 },
  ])(
    'opens a key with a password by the limits that are in it, as we do: $cost',
    async (limits) => {
      const password = 'correct horse';
      const secret = inFolder('locked.key');
      await writeLockedKey(secret, '0011223344556677', { password, ...limits });
      const key = readSigningKey(secret, password);
      expect(() => readSigningKey(secret, 'wrong')).toThrow('is not its password');
      expect(() => readSigningKey(secret, undefined)).toThrow('give it as FEDVOX_RELEASE_PASSWORD');
      const keyPath = inFolder('locked.pub');
      await writeFile(keyPath, publicKeyText(key));
      const args = ['-S', '-s', secret, '-m', archive, '-t', 'by a locked key'];
      expect(minisign(args, `${password}\n`)).toMatchObject({ status: 0 });
      expect(await verifyRelease(archive, { keyPath })).toMatchObject({
        comment: 'by a locked key',
      });
    },
  );
});
