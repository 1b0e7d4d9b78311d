import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { verifyRelease } from '@fedvox/installation';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { writeSecretKey } from './keys.js';
import { checksumsText, releaseTool, type SigningKey, type Tree, treeOf } from './release-tools.js';

const TEXTS = {
  fedvox: '#!/bin/sh\n',
  'node/bin/node': 'a program',
  'docs/long.md': 'x'.repeat(3000),
};
const COMMENT = 'fedvox 0.1.0 for Linux on x64';

const { writeArchive, header } = await releaseTool('tar-archive');
const { readSigningKey, publicKeyText, signatureText } = await releaseTool('signing');

let folder: string;
let key: SigningKey;
let keyPath: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'fedvox-release-'));
  ({ key, keyPath } = await newKey('0123456789ABCDEF'));
});
afterAll(() => rm(folder, { recursive: true }));

async function newKey(id: string) {
  const secret = join(folder, `${id}.key`);
  const keyPath = join(folder, `${id}.pub`);
  await writeSecretKey(secret, id);
  const key = readSigningKey(secret);
  await writeFile(keyPath, publicKeyText(key));
  return { key, keyPath };
}

async function archiveOf(name: string, tree: Tree): Promise<string> {
  const path = join(folder, `${name}.tar.gz`);
  await writeArchive({ tree, folder: 'fedvox-0.1.0', mtime: 1_700_000_000, path });
  await signed(path);
  return path;
}

async function signed(path: string, by = key): Promise<void> {
  await writeFile(`${path}.minisig`, await signatureText({ path, key: by, comment: COMMENT }));
}

const refusal = async (archive: string) => {
  const error = await verifyRelease(archive, { keyPath }).catch((reason) => reason);
  return { code: error.code, message: error.message };
};

/** Changes one byte of a file. */
async function flip(path: string, at: number): Promise<void> {
  const bytes = await readFile(path);
  bytes.writeUInt8(bytes.readUInt8(at) ^ 1, at);
  await writeFile(path, bytes);
}

describe('an archive', () => {
  it('that is as its maker signed it passes, with what the maker says of it', async () => {
    const archive = await archiveOf('well', treeOf(TEXTS));
    expect(await verifyRelease(archive, { keyPath })).toEqual({
      archive,
      keyId: '0123456789ABCDEF',
      comment: COMMENT,
      files: 3,
      bytes: Object.values(TEXTS).join('').length,
    });
  });

  it('of which any byte was changed is refused by name', async () => {
    const archive = await archiveOf('changed', treeOf(TEXTS));
    const { length } = await readFile(archive);
    for (const at of [0, 10, Math.floor(length / 2), length - 1]) {
      await flip(archive, at);
      expect(await refusal(archive)).toMatchObject({ code: 'installation/archive-altered' });
      await flip(archive, at);
    }
    await verifyRelease(archive, { keyPath });
  });

  it('whose signature or its comment was changed is refused, and not called changed itself', async () => {
    const archive = await archiveOf('signature', treeOf(TEXTS));
    const path = `${archive}.minisig`;
    const text = await readFile(path, 'utf8');
    const [untrusted = '', encoded = '', trusted = '', global = ''] = text.split('\n');
    const changed = Buffer.from(encoded, 'base64');
    changed.writeUInt8(changed.readUInt8(30) ^ 1, 30);
    for (const lines of [
      [untrusted, changed.toString('base64'), trusted, global],
      [untrusted, encoded, trusted.replace('0.1.0', '0.2.0'), global],
    ]) {
      await writeFile(path, `${lines.join('\n')}\n`);
      expect(await refusal(archive)).toMatchObject({ code: 'installation/signature-altered' });
    }
  });

  it('that somebody else signed is refused, naming both keys', async () => {
    const archive = await archiveOf('foreign', treeOf(TEXTS));
    await signed(archive, (await newKey('FEDCBA9876543210')).key);
    expect(await refusal(archive)).toEqual({
      code: 'installation/key-foreign',
      message: expect.stringMatching(/FEDCBA9876543210, not with 0123456789ABCDEF/),
    });
  });

  it('that somebody else signed in the name of the key is refused too', async () => {
    const archive = await archiveOf('forged', treeOf(TEXTS));
    const forger = join(folder, 'forger.key');
    await writeSecretKey(forger, '0123456789ABCDEF');
    await signed(archive, readSigningKey(forger));
    expect(await refusal(archive)).toMatchObject({ code: 'installation/signature-altered' });
  });

  it('whose signature was put beside another archive of the same maker is refused', async () => {
    const archive = await archiveOf('other', treeOf({ ...TEXTS, more: 'y' }));
    const well = await archiveOf('one', treeOf(TEXTS));
    await writeFile(`${archive}.minisig`, await readFile(`${well}.minisig`));
    expect(await refusal(archive)).toMatchObject({ code: 'installation/archive-altered' });
  });

  it('whose files are not those of its checksums is refused, though signed: each file is named', async () => {
    const tree = treeOf(TEXTS);
    const listed = { ...TEXTS, fedvox: 'something else', gone: '' };
    tree.set('SHA256SUMS', { bytes: Buffer.from(checksumsText(listed)) });
    tree.set('unlisted', { bytes: Buffer.from('z') });
    expect(await refusal(await archiveOf('sums', tree))).toEqual({
      code: 'installation/checksums-wrong',
      message: expect.stringMatching(/: fedvox differs; gone is missing; unlisted is not listed$/),
    });
  });

  it('that holds something else than files in one folder is refused, though signed', async () => {
    const hostile = (path: string, type = '0') => {
      const block = header({ path, size: 0, mode: 0o644, mtime: 0 });
      block.write(type, 156, 'latin1');
      // Its checksum anew, in the place that is counted as blanks.
      block.write(' '.repeat(8), 148, 'latin1');
      const sum = block.reduce((total, byte) => total + byte, 0);
      block.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148, 'latin1');
      return block;
    };
    const cases: readonly (readonly [Buffer, RegExp])[] = [
      [hostile('fedvox/../../etc/passwd'), /no path for a file/],
      [hostile('/etc/passwd'), /no path for a file/],
      [hostile('fedvox/link', '2'), /no regular file/],
      [Buffer.concat([hostile('fedvox/one'), hostile('other/two')]), /not in the folder fedvox/],
      [Buffer.concat([hostile('fedvox/one'), hostile('fedvox/one')]), /in it twice/],
      [hostile('fedvox/one'), /has no SHA256SUMS/],
      [hostile('fedvox/one').subarray(0, 300), /ends too early/],
      [Buffer.alloc(512, 7), /not in ustar form/],
    ];
    for (const [bytes, reason] of cases) {
      const path = join(folder, 'hostile.tar.gz');
      const isWhole = bytes.length % 512 === 0;
      await writeFile(path, gzipSync(isWhole ? Buffer.concat([bytes, Buffer.alloc(1024)]) : bytes));
      await signed(path);
      expect(await refusal(path)).toEqual({
        code: 'installation/archive-unreadable',
        message: expect.stringMatching(reason),
      });
    }
    const plain = join(folder, 'plain.tar.gz');
    await writeFile(plain, 'no archive at all');
    await signed(plain);
    expect(await refusal(plain)).toMatchObject({ code: 'installation/archive-unreadable' });
  });

  it('without a signature, or with a key that is none, is refused by what is missing', async () => {
    const archive = await archiveOf('bare', treeOf(TEXTS));
    await rm(`${archive}.minisig`);
    expect(await refusal(archive)).toMatchObject({ code: 'installation/file-unreadable' });
    await writeFile(`${archive}.minisig`, 'untrusted comment: x\nnothing\n');
    expect(await refusal(archive)).toMatchObject({ code: 'installation/signature-unreadable' });
    await expect(verifyRelease(archive, { keyPath: archive })).rejects.toMatchObject({
      code: 'installation/key-unreadable',
    });
    await expect(verifyRelease(archive)).rejects.toMatchObject({
      code: 'installation/key-unknown',
    });
  });
});
