import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { programHome } from '@fedvox/base/system';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { programBuild } from './program-build.js';

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'fedvox-build-'));
});
afterEach(() => rmSync(root, { recursive: true }));

const git = (...args: string[]) =>
  execFileSync('git', ['-C', root, '-c', 'user.name=a', '-c', 'user.email=a@b', ...args], {
    encoding: 'utf8',
  }).trim();
const writeManifest = () =>
  writeFileSync(join(root, 'package.json'), '{"name":"fedvox","version":"3.1.4"}');
const built = () => programBuild(programHome(root));

describe('the version that is printed', () => {
  it('comes with the checkout’s commit, and says where it was changed since', () => {
    writeManifest();
    git('init', '--quiet');
    git('add', '.');
    git('commit', '--quiet', '-m', 'a release', '--no-gpg-sign');
    git('tag', 'v3.1.4');
    const commit = git('rev-parse', 'HEAD');
    expect(built()).toEqual({ version: '3.1.4', commit });
    writeFileSync(join(root, 'package.json'), '{"name":"fedvox","version":"3.2.0"}');
    expect(built()).toEqual({ version: '3.2.0', commit: `${commit}+changes` });
  });

  it('comes without a commit where there is neither a checkout nor what a release writes', () => {
    writeManifest();
    expect(built()).toEqual({ version: '3.1.4', commit: null });
  });

  it('has the commit that its release says, without asking git', () => {
    const commit = 'b'.repeat(40);
    expect(programBuild({ folder: root, version: '3.2.0', commit })).toEqual({
      version: '3.2.0',
      commit,
    });
  });
});
