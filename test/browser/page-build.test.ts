import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

interface PagesTool {
  readonly packagesWithPages: () => string[];
  readonly buildPageInto: (name: string, outDir: string) => Promise<void>;
}

/** All that a browser loads before it shows anything, compressed: a remote desktop's line is spared. */
const MAX_PAGE_BYTES = 40 * 1024;

const tool = new URL('../../tools/pages.mjs', import.meta.url).href;
const { packagesWithPages, buildPageInto } = (await import(tool)) as PagesTool;

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'fedvox-pages-'));
});
afterAll(() => rm(folder, { recursive: true }));

/** A build by its files. */
async function built(name: string, time: string): Promise<ReadonlyMap<string, Buffer>> {
  const outDir = join(folder, name, time);
  await buildPageInto(name, outDir);
  const entries = await readdir(outDir, { recursive: true, withFileTypes: true });
  const files = entries
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));
  const contents = await Promise.all(
    files
      .sort()
      .map(async (path) => [path.slice(outDir.length + 1), await readFile(path)] as const),
  );
  return new Map(contents);
}

describe('the pages of a package', () => {
  it.each(packagesWithPages())(
    '%s: are the same bytes whenever they are built, and light',
    async (name) => {
      const first = await built(name, 'first');
      expect(await built(name, 'second')).toEqual(first);
      expect([...first.keys()]).toContain('index.html');
      const sizeOf = (content: Buffer) => gzipSync(content, { level: 9 }).length;
      const start = String(first.get('index.html'));
      const [atOnce, later]: number[][] = [[], []];
      for (const [path, content] of first) {
        const isNamed = path === 'index.html' || start.includes(path);
        (isNamed ? atOnce : later)?.push(sizeOf(content));
      }
      const bytes = atOnce?.reduce((sum, each) => sum + each, 0);
      expect(bytes).toBeGreaterThan(10 * 1024);
      expect(bytes).toBeLessThanOrEqual(MAX_PAGE_BYTES);
      // What a view brings along when it is opened.
      for (const each of later ?? []) expect(each).toBeLessThanOrEqual(MAX_PAGE_BYTES / 2);
    },
  );

  it.each(packagesWithPages())('%s: name no place of the machine that built them', async (name) => {
    const files = await built(name, 'third');
    for (const content of files.values()) {
      expect(content.includes(process.cwd())).toBe(false);
      expect(content.includes('sourceMappingURL')).toBe(false);
    }
  });
});
