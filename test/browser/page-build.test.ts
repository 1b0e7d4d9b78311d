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
      const bytes = [...first.values()].reduce(
        (sum, each) => sum + gzipSync(each, { level: 9 }).length,
        0,
      );
      expect(bytes).toBeGreaterThan(10 * 1024);
      expect(bytes).toBeLessThanOrEqual(MAX_PAGE_BYTES);
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
