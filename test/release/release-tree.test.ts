import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { REPOSITORY } from '../support/documents.js';
import { releaseTool, type Tree } from './release-tools.js';

const { writeArchive } = await releaseTool('tar-archive');
const { buildTree } = await releaseTool('release-build');
const { releaseModules } = await releaseTool('modules');
const { nodeIsThere } = await releaseTool('node-binary');
const { bytesOf, filesNaming } = await releaseTool('release-tree');

const COMMIT = 'c0ffee0000'.repeat(4);
const SOURCES = { version: '0.1.0', commit: COMMIT, mtime: 1_700_000_000 };
const PUBLIC_KEY = 'untrusted comment: minisign public key\n';
const ADDON = 'packages/tfjs-backend-torch/build/fedvox-torch.node';

/** As test/expected-skips.mjs asks: both are made once, and take minutes or the network. */
const canBuild =
  nodeIsThere(join(REPOSITORY, '.fedvox', 'release')) && existsSync(join(REPOSITORY, ADDON));

interface Component {
  readonly name: string;
  readonly version: string;
  readonly licenses: readonly object[];
}
interface Bill {
  readonly specVersion: string;
  readonly components: readonly Component[];
  readonly dependencies: readonly { readonly ref: string; readonly dependsOn: readonly string[] }[];
}

let tree: Tree;
let folder: string;
let unpacked: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'fedvox-release-tree-'));
  if (!canBuild) return;
  const log = () => undefined;
  const options = { repository: REPOSITORY, sources: SOURCES, withLibtorch: false, log };
  tree = await buildTree({ ...options, publicKey: PUBLIC_KEY });
  const path = join(folder, 'release.tar.gz');
  await writeArchive({ tree, folder: 'fedvox', mtime: SOURCES.mtime, path });
  execFileSync('tar', ['-xzf', path, '-C', folder]);
  unpacked = join(folder, 'fedvox');
}, 300_000);
afterAll(() => rm(folder, { recursive: true }));

const paths = () => [...tree.keys()];
const json = <T>(path: string) => JSON.parse(String(bytesOf(tree.get(path) ?? {}))) as T;

/** As a machine that has nothing but a shell and what a shell script needs. */
function fedvox(...args: string[]) {
  const env = { PATH: '/usr/bin:/bin', HOME: folder, FEDVOX_LIBTORCH: '' };
  return spawnSync(join(unpacked, 'fedvox'), args, { encoding: 'utf8', env, cwd: folder });
}

describe.skipIf(!canBuild)('a release', () => {
  it('holds no test, no source and no link, and of native parts those that were compiled here', async () => {
    expect(
      paths().filter((path) => /@fedvox\/.*(\.test\.|\/testing\/)|\.[cm]?ts$/.test(path)),
    ).toEqual([]);
    expect(
      paths()
        .filter((path) => path.endsWith('.node'))
        .map((path) => basename(path))
        .sort(),
    ).toEqual(['fedvox-torch.node', 'node_sqlite3.node']);
    const entries = await readdir(unpacked, { recursive: true, withFileTypes: true });
    expect(entries.filter((entry) => !entry.isFile() && !entry.isDirectory())).toEqual([]);
    expect(entries.filter((entry) => entry.isFile()).length).toBe(tree.size);
  });

  it('names no folder of the machine that made it', () => {
    expect(filesNaming(tree, [REPOSITORY.replace(/\/$/, '')])).toEqual([]);
    // What is looked for is found: the place that it is built in stands in this very test's tree.
    const told: Tree = new Map([['one', { bytes: Buffer.from(`at ${REPOSITORY}x`) }]]);
    expect(filesNaming(told, [REPOSITORY.replace(/\/$/, '')])).toEqual(['one']);
  });

  it('is as its SHA256SUMS says, by the tool that everybody has', () => {
    const { status, stdout } = spawnSync('sha256sum', ['--check', '--quiet', 'SHA256SUMS'], {
      cwd: unpacked,
      encoding: 'utf8',
    });
    expect({ status, stdout }).toEqual({ status: 0, stdout: '' });
  });

  it('bills every package of it, with version and licence, and the text of that licence', async () => {
    const { specVersion, components, dependencies } = json<Bill>('bill-of-materials.cdx.json');
    expect(specVersion).toBe('1.6');
    const billed = new Set(components.map(({ name, version }) => `${name}@${version}`));
    const held = paths()
      .map((path) => /^(?:.*\/)?node_modules\/((?:@[^/]+\/)?[^/]+)\/package\.json$/.exec(path))
      .filter((match) => match !== null);
    expect(held.length).toBeGreaterThan(150);
    for (const [path, name] of held) {
      expect(billed).toContain(`${name}@${json<{ version: string }>(path).version}`);
    }
    expect(components.map(({ name }) => name)).toEqual(
      expect.arrayContaining(['node', 'sqlite', 'preact', 'bindings', '@fedvox/cli']),
    );
    expect(components.filter(({ licenses }) => licenses.length === 0)).toEqual([]);
    const refs = new Set(dependencies.flatMap(({ ref, dependsOn }) => [ref, ...dependsOn]));
    const known = new Set(
      (components as readonly { 'bom-ref'?: string }[]).map((c) => c['bom-ref']),
    );
    expect([...refs].filter((ref) => !known.has(ref))).toEqual([`fedvox@${SOURCES.version}`]);
    for (const { name, version, isOwn } of releaseModules(REPOSITORY)) {
      if (isOwn) continue;
      const text = await readFile(
        join(unpacked, 'LICENSES', `${name.replaceAll('/', '--')}-${version}.txt`),
        'utf8',
      );
      expect(text, name).toMatch(/copyright|licen[cs]e/i);
    }
  });

  it('runs on its own Node, and knows which release it is and whose key it trusts', async () => {
    expect(fedvox('--version')).toMatchObject({ status: 0, stdout: `0.1.0 (${COMMIT})\n` });
    const { stdout } = fedvox('doctor', '--json');
    const { lines } = JSON.parse(stdout) as {
      lines: readonly { what: string; state: string; text: string }[];
    };
    const text = (name: string) => lines.find(({ what }) => what === name)?.text;
    expect(text('program')).toMatch(
      /^release 0\.1\.0 \(c0ffee0000c0\) in .*\/fedvox, on Node 24\./,
    );
    expect(await readFile(join(unpacked, 'release.pub'), 'utf8')).toBe(PUBLIC_KEY);
    expect(fedvox('verify-release', 'none.tar.gz').stderr).toContain(
      'is no public key of minisign',
    );
  });

  it('says where there is no libtorch, rather than starting without one that was named', () => {
    const env = { PATH: '/usr/bin:/bin', FEDVOX_LIBTORCH: folder };
    const started = spawnSync(join(unpacked, 'fedvox'), ['--version'], { encoding: 'utf8', env });
    expect(started).toMatchObject({
      status: 1,
      stderr: expect.stringMatching(/^error: FEDVOX_LIBTORCH is .* holds no libtorch/),
    });
  });

  it('finds the scenarios that came along from where its packages lie', () => {
    const program = `const { scenarioFile } = await import(process.argv[1]);
      console.log(scenarioFile('demo.yaml'));`;
    const module = join(unpacked, 'node_modules/@fedvox/cli/dist/scenario-file.js');
    const node = join(unpacked, 'node/bin/node');
    const args = ['--input-type=module', '-e', program, module];
    const { stdout } = spawnSync(node, args, { encoding: 'utf8' });
    expect(stdout.trim()).toBe(join(unpacked, 'scenarios/demo.yaml'));
    expect(existsSync(stdout.trim())).toBe(true);
  });

  it('says so where what it says of itself was damaged', async () => {
    await writeFile(join(unpacked, 'release.json'), '{"version":');
    const { status, stdout } = fedvox('verify-release', 'none.tar.gz', '--json');
    expect(status).toBe(1);
    expect(JSON.parse(stdout).error).toMatchObject({ code: 'installation/release-unreadable' });
  });
});
