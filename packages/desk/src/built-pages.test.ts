import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { readBuiltPages } from './built-pages.js';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'fedvox-pages-'));
});
afterEach(() => rm(folder, { recursive: true }));

describe('built pages', () => {
  it('are every file of the build by its address, the page itself at the root', async () => {
    await mkdir(join(folder, 'assets'));
    await writeFile(join(folder, 'index.html'), '<!doctype html>');
    await writeFile(join(folder, 'assets', 'page.css'), 'p{}');
    const pages = await readBuiltPages(folder);
    expect([...pages.keys()].sort()).toEqual(['/', '/assets/page.css']);
    expect(pages.get('/assets/page.css')?.type).toBe('text/css; charset=utf-8');
    expect(Buffer.from(pages.get('/')?.bytes ?? []).toString()).toBe('<!doctype html>');
  });

  it('that were never built are named, with what builds them', async () => {
    const missing = readBuiltPages(join(folder, 'nowhere'));
    await expect(missing).rejects.toMatchObject({ code: 'desk/pages-not-built' });
    await expect(readBuiltPages(folder)).rejects.toMatchObject({ code: 'desk/pages-not-built' });
  });
});
