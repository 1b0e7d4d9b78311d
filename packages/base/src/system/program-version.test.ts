import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { programHome, programVersion, RELEASE_FILE } from './program-version.js';

const REPOSITORY = fileURLToPath(new URL('../../../../', import.meta.url));
const manifestAt = (...path: string[]) =>
  JSON.parse(readFileSync(join(REPOSITORY, ...path, 'package.json'), 'utf8'));

let root: string;
let code: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'fedvox-version-'));
  code = join(root, 'packages', 'base', 'dist');
  mkdirSync(code, { recursive: true });
  writeFileSync(join(root, 'packages', 'base', 'package.json'), '{"name":"@fedvox/base"}');
});
afterEach(() => rmSync(root, { recursive: true }));

const writeManifest = () =>
  writeFileSync(join(root, 'package.json'), '{"name":"fedvox","version":"3.1.4"}');

describe('the version of the program', () => {
  it('stands in the root’s manifest, and every package says the same', () => {
    const { version } = manifestAt();
    expect(programVersion()).toBe(version);
    for (const name of readdirSync(join(REPOSITORY, 'packages'))) {
      const { version: own, dependencies = {} } = manifestAt('packages', name);
      const siblings = Object.entries(dependencies).filter(([each]) => each.startsWith('@fedvox/'));
      expect([name, own, ...siblings.map(([, wanted]) => wanted)]).toEqual([
        ...[name, version],
        ...siblings.map(() => version),
      ]);
    }
  });

  it('is the repository’s, not that of a package in it', () => {
    writeManifest();
    expect(programHome(code)).toEqual({ folder: root, version: '3.1.4', commit: null });
  });

  it('is what a release wrote beside the code, whatever stands above', () => {
    writeManifest();
    const commit = 'a'.repeat(40);
    const info = { version: '3.2.0', commit, builtWith: 'v22' };
    writeFileSync(join(root, 'packages', RELEASE_FILE), JSON.stringify(info));
    expect(programHome(code)).toEqual({ folder: join(root, 'packages'), version: '3.2.0', commit });
  });

  it('is not guessed where what a release wrote is damaged', () => {
    writeManifest();
    for (const text of ['{"version":"3.2.0"}', '{"version":"3.2.0","commit":"main"}', '']) {
      writeFileSync(join(root, RELEASE_FILE), text);
      expect(() => programHome(code)).toThrow();
    }
  });
});
