import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { importsOf, packageSources, repository } from './sources.js';

/** Tests, and what only they need: drivers, phantoms, recorded figures. */
const FOR_TESTS = /\.test\.|\/(testing|golden)\//;

interface Packed {
  readonly name: string;
  readonly files: readonly { readonly path: string }[];
}

/** What npm would put into each package's archive, from what lies here. */
async function packed(): Promise<Packed[]> {
  const args = ['pack', '--dry-run', '--json', '--ignore-scripts', '--workspaces'];
  const options = { cwd: repository, maxBuffer: 64 * 1024 * 1024 };
  const { stdout } = await promisify(execFile)('npm', args, options);
  return Object.values(JSON.parse(stdout) as Record<string, Packed>);
}

describe('what ships', () => {
  it('is the program without its tests, whatever earlier builds left', async () => {
    const packages = await packed();
    expect(packages.length).toBeGreaterThan(10);
    for (const { name, files } of packages) {
      const paths = files.map(({ path }) => path);
      expect(paths, name).toContain('dist/index.js');
      expect(paths.filter((path) => FOR_TESTS.test(path))).toEqual([]);
    }
  }, 120_000);

  it('needs nothing that only tests need', () => {
    const shipped = packageSources().filter(({ path }) => !FOR_TESTS.test(path));
    const broken = shipped.flatMap(({ path, text }) =>
      importsOf(text)
        .filter((name) => /^(vitest|fast-check)$/.test(name) || /\/(testing|golden)\//.test(name))
        .map((name) => `${path} imports ${name}`),
    );
    expect(broken).toEqual([]);
  });
});
