import { readdir, readFile, truncate, unlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { systemClock } from '@fedvox/base/system';
import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import { openDataset } from '../datasets/dataset.js';
import type { Case } from '../geometry/case.js';
import { ReaderThread } from '../reader/reader-thread.js';
import { CLASSES, phantomVolumes, writePhantomCase } from '../testing/phantom-case.js';
import { temporaryFolder } from '../testing/temporary-folder.js';
import { caseWindow } from '../transforms/crop-or-pad.js';
import { encodeEntry } from './cache-entry.js';
import { openCache } from './case-cache.js';
import { readWindow } from './read-window.js';

const whole = phantomVolumes('window');
const thread = new ReaderThread(systemClock);
afterAll(() => thread.close());

/** Entries of the case with its label, and without. */
async function written(): Promise<{ labelled: string; bare: string }> {
  const folder = await temporaryFolder();
  const [labelled, bare] = [join(folder, 'labelled'), join(folder, 'bare')];
  await writeFile(labelled, encodeEntry({ ...whole, modality: 'MR' }));
  await writeFile(bare, encodeEntry({ image: whole.image }));
  return { labelled, bare };
}

const start = fc.tuple(...([6, 5, 8].map((n) => fc.integer({ min: -3, max: n + 2 })) as Axes));
const size = fc.tuple(...([1, 2, 3].map(() => fc.integer({ min: 1, max: 12 })) as Axes));
type Axes = [fc.Arbitrary<number>, fc.Arbitrary<number>, fc.Arbitrary<number>];

function expectSame(found: Case | undefined, expected: Case): void {
  expect(found?.image.data).toEqual(expected.image.data);
  expect(found?.image.shape).toEqual(expected.image.shape);
  expect(found?.label?.data).toEqual(expected.label?.data);
  expected.image.affineRas.forEach((value, at) => {
    expect(found?.image.affineRas[at]).toBeCloseTo(value, 9);
  });
}

describe('a box of a cached case', () => {
  it('is that of the whole case, wherever it lies', async () => {
    const { labelled } = await written();
    await fc.assert(
      fc.asyncProperty(start, size, async (from, count) => {
        const found = await readWindow(labelled, from, count);
        expectSame(found, caseWindow(whole, from, count));
        expect(found?.modality).toBe('MR');
      }),
    );
  });

  it('has no label where the case has none, and comes from a thread as it does here', async () => {
    const box = [
      [1, -1, 3],
      [4, 4, 4],
    ] as const;
    const { bare } = await written();
    const found = await readWindow(bare, ...box);
    expectSame(found, caseWindow({ image: whole.image }, ...box));
    expect(await thread.readWindow(bare, ...box)).toEqual(found);
  });

  it('is absent where there is no entry, or a part of one', async () => {
    const { labelled } = await written();
    const path = `${labelled}-part`;
    const bytes = await readFile(labelled);
    const read = () => readWindow(path, [0, 0, 0], [2, 2, 2]);
    expect(await read()).toBeUndefined();
    for (const length of [0, 8, 16, 100, bytes.length - 1]) {
      await writeFile(path, bytes);
      await truncate(path, length);
      expect(await read()).toBeUndefined();
    }
    await writeFile(path, Buffer.concat([bytes, Buffer.alloc(1)]));
    expect(await read()).toBeUndefined();
  });

  it('comes from a case that is prepared anew where another process has removed its entry', async () => {
    const data = await temporaryFolder();
    await writePhantomCase(data);
    const { cases } = await openDataset({ kind: 'dicom', path: data }, CLASSES);
    const cacheFolder = await temporaryFolder();
    const cache = await openCache(cacheFolder);
    const box = { start: [1, 1, 1], size: [3, 9, 2] } as const;
    const window = () => cache.loadWindow(cases[0]!, CLASSES, [], box);
    const made = await window();
    expectSame(made, caseWindow(await cache.load(cases[0]!, CLASSES, []), box.start, box.size));
    const [entry] = await readdir(cacheFolder);
    await unlink(join(cacheFolder, entry!));
    expectSame(await window(), made);
    expect(await readdir(cacheFolder)).toEqual([entry]);
    expectSame(await window(), made);
  });
});
