import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

describe('the error table', () => {
  it('has no entry that nothing throws', async () => {
    const source = fileURLToPath(new URL('.', import.meta.url));
    const table = await readFile(join(source, 'errors.ts'), 'utf8');
    const codes = [...table.matchAll(/^ {2}'([a-z0-9-]+)': \{/gm)].map(
      (match) => match[1] as string,
    );
    const files = (await readdir(source, { recursive: true })).filter(
      (name) => name.endsWith('.ts') && !name.endsWith('.test.ts') && name !== 'errors.ts',
    );
    const code = (
      await Promise.all(files.map((name) => readFile(join(source, name), 'utf8')))
    ).join();
    expect(codes.length).toBeGreaterThan(30);
    expect(codes.filter((each) => !code.includes(`'${each}'`))).toEqual([]);
  });
});
