import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { REPOSITORY } from '../support/documents.js';
import { releaseTool, type Tree, treeOf } from './release-tools.js';

const { writeDebianPackage } = await releaseTool('debian-package');

const SOURCES = { version: '0.1.0', commit: 'c0ffee', mtime: 1_700_000_000 };
const TEXTS = {
  LICENSE: 'a licence\n',
  'systemd/fedvox-agent.service': '[Unit]\n',
  'systemd/fedvox.conf': 'u fedvox-agent -\n',
  'node/bin/node': 'a program',
};

const hasDpkg = spawnSync('dpkg-deb', ['--version']).status === 0;
let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'fedvox-deb-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

async function built(name: string): Promise<string> {
  const tree: Tree = treeOf(TEXTS);
  tree.set('fedvox', { bytes: Buffer.from('#!/bin/sh\n'), isExecutable: true });
  const output = join(folder, name);
  mkdirSync(output);
  return writeDebianPackage({ repository: REPOSITORY, tree, sources: SOURCES, output });
}
const said = (program: string, ...args: string[]) =>
  execFileSync(program, args, { encoding: 'utf8', env: { ...process.env, TZ: 'UTC' } });

describe.skipIf(!hasDpkg)('the Debian package', () => {
  it('is the release with units and users in their places, all of it root’s and of one time', async () => {
    const path = await built('one');
    const lines = said('dpkg-deb', '--contents', path).trim().split('\n');
    const entries = lines.map((line) => line.split(/\s+/));
    expect(new Set(entries.map(([, owner]) => owner))).toEqual(new Set(['root/root']));
    const files = entries
      .filter(([mode]) => !mode?.startsWith('d'))
      .map(([mode, , , day, time, ...name]) => `${mode} ${day} ${time} ${name.join(' ')}`);
    const when = '2023-11-14 22:13';
    expect(files.sort()).toEqual([
      `-rw-r--r-- ${when} ./usr/lib/fedvox/LICENSE`,
      `-rw-r--r-- ${when} ./usr/lib/fedvox/SHA256SUMS`,
      `-rw-r--r-- ${when} ./usr/lib/fedvox/node/bin/node`,
      `-rw-r--r-- ${when} ./usr/lib/fedvox/systemd/fedvox-agent.service`,
      `-rw-r--r-- ${when} ./usr/lib/fedvox/systemd/fedvox.conf`,
      `-rw-r--r-- ${when} ./usr/lib/systemd/system/fedvox-agent.service`,
      `-rw-r--r-- ${when} ./usr/lib/sysusers.d/fedvox.conf`,
      `-rw-r--r-- ${when} ./usr/share/doc/fedvox/copyright`,
      `-rwxr-xr-x ${when} ./usr/lib/fedvox/fedvox`,
      `lrwxrwxrwx ${when} ./usr/bin/fedvox -> ../lib/fedvox/fedvox`,
    ]);
    expect(said('dpkg-deb', '--field', path, 'Version', 'Architecture')).toBe(
      'Version: 0.1.0\nArchitecture: amd64\n',
    );
    expect(readdirSync(join(folder, 'one'))).toEqual(['fedvox_0.1.0_amd64.deb']);
  });

  it('is the same bytes when it is made again, also by who lets others read less', async () => {
    const before = process.umask(0o077);
    try {
      const [one, again] = [await built('first'), await built('second')];
      expect(readFileSync(again).equals(readFileSync(one))).toBe(true);
      const usual = join(folder, 'one', 'fedvox_0.1.0_amd64.deb');
      expect(readFileSync(one).equals(readFileSync(usual))).toBe(true);
    } finally {
      process.umask(before);
    }
  });

  it('runs shell that is shell when it comes and goes', () => {
    for (const name of ['postinst', 'postrm']) {
      const path = join(REPOSITORY, 'tools/release/debian', name);
      expect(spawnSync('sh', ['-n', path]).status, name).toBe(0);
    }
    const launcher = join(REPOSITORY, 'tools/release/launcher.sh');
    expect(spawnSync('sh', ['-n', launcher]).status).toBe(0);
  });
});
