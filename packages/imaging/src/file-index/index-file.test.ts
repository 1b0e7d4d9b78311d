import { chmod, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { sha256 } from '@fedvox/base';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { temporaryFolder } from '../testing/temporary-folder.js';
import { type Remembered, readIndex, writeIndex } from './index-file.js';

const STAMP = sha256('this program');
const INDEX = new Map<string, Remembered<object>>([
  [
    '/a',
    { identity: '1 2', value: { kind: 'image', numbers: [-0, 0.1, Number.NaN], of: undefined } },
  ],
  ['/b', { identity: '3 4', value: { kind: 'seg', drawn: new Set([1, 2]) } }],
]);

const written = async () => {
  const path = join(await temporaryFolder(), 'files.index');
  expect(await writeIndex(path, STAMP, INDEX)).toBeUndefined();
  return path;
};

describe('an index file', () => {
  it('gives back what it was given, to its own user only', async () => {
    const path = await written();
    expect(await readIndex(path, STAMP)).toStrictEqual({ index: INDEX });
    expect((await stat(path)).mode & 0o777).toBe(0o600);
  });

  it('is empty where there is none, without a word', async () => {
    const path = join(await temporaryFolder(), 'none.index');
    expect(await readIndex(path, STAMP)).toStrictEqual({ index: new Map() });
  });

  it('is made anew by another program, or for another folder', async () => {
    const { index, problem } = await readIndex(await written(), sha256('a newer program'));
    expect(index.size).toBe(0);
    expect(problem?.message).toMatch(/another version/);
  });

  it('is made anew when any byte of it is another, or its end is missing', async () => {
    const path = await written();
    const whole = await readFile(path);
    const at = fc.nat({ max: whole.length - 1 });
    await fc.assert(
      fc.asyncProperty(
        at,
        fc.integer({ min: 1, max: 255 }),
        fc.boolean(),
        async (at, flip, cut) => {
          const bytes = Buffer.from(whole);
          bytes[at] = bytes[at]! ^ flip;
          await writeFile(path, cut ? whole.subarray(0, at) : bytes);
          const { index, problem } = await readIndex(path, STAMP);
          expect([index.size, problem?.code]).toEqual([0, 'imaging/index-anew']);
        },
      ),
      { numRuns: 60 },
    );
  });

  it('costs nothing but time where it cannot be written', async () => {
    const path = join(await temporaryFolder(), 'no-such-folder', 'files.index');
    expect((await writeIndex(path, STAMP, INDEX))?.code).toBe('imaging/index-not-kept');
  });

  it.skipIf(process.getuid?.() === 0)('is made anew where it may not be read', async () => {
    const path = await written();
    await chmod(path, 0);
    expect((await readIndex(path, STAMP)).problem?.message).toMatch(/EACCES/);
  });
});
