import { readFile, rename, rm, stat, symlink, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import type { Clock } from '@fedvox/base';
import { systemClock } from '@fedvox/base/system';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { sliceDataSet, writeObject, writeSlices } from '../../testing/dicom-objects.js';
import { temporaryFolder } from '../../testing/temporary-folder.js';
import { scanDicomFolder } from '../folder-scan.js';
import type { HeaderProgress } from './read-headers.js';

/** Everything was changed long ago. */
const LATER: Clock = { ...systemClock, nowMs: () => systemClock.nowMs() + 60_000 };
/** File systems tell times apart by so much. */
const TICK_MS = 12;

async function look(root: string, indexPath: string, clock: Clock = LATER) {
  const told: HeaderProgress[] = [];
  const onProgress = (progress: HeaderProgress) => void told.push(progress);
  const scan = await scanDicomFolder(root, { indexPath, clock, onProgress });
  const [first] = told.filter((progress) => progress.kind === 'headers');
  const notes = told.flatMap((progress) => (progress.kind === 'index' ? progress.code : []));
  return { scan, known: first?.done, notes };
}

async function folderOfSlices(count: number) {
  const folder = await temporaryFolder();
  const root = join(folder, 'data');
  await writeSlices(root, undefined, count);
  return { root, indexPath: join(folder, 'headers.index') };
}

const nameOf = (slice: number) => `2-25-100-s${slice}.dcm`;

describe('a second look at a folder', () => {
  it('reads no header again, and finds the same', async () => {
    const { root, indexPath } = await folderOfSlices(6);
    const first = await look(root, indexPath);
    const second = await look(root, indexPath);
    expect([first.known, second.known]).toEqual([0, 6]);
    expect(second.scan).toStrictEqual(first.scan);
    expect(second.scan).toStrictEqual(await scanDicomFolder(root));
    expect([...first.notes, ...second.notes]).toEqual([]);
  });

  it('sees a file of the same size and time whose content was changed', async () => {
    const { root, indexPath } = await folderOfSlices(6);
    await look(root, indexPath);
    const path = join(root, nameOf(2));
    const { atime, mtime } = await stat(path);
    const bytes = await readFile(path);
    const at = bytes.indexOf('2.25.99');
    await setTimeout(TICK_MS);
    await writeFile(path, Buffer.from(bytes).fill('2.25.98', at, at + 7));
    await utimes(path, atime, mtime);
    const { scan, known } = await look(root, indexPath);
    expect(known).toBe(5);
    expect(scan.series[0]?.frames[2]?.studyUid).toBe('2.25.98');
  });

  it('does not remember a file that was changed just now', async () => {
    const { root, indexPath } = await folderOfSlices(3);
    await look(root, indexPath, systemClock);
    expect((await look(root, indexPath)).known).toBe(0);
    expect((await look(root, indexPath)).known).toBe(3);
  });

  it('does not remember that a file could not be opened', async () => {
    const { root, indexPath } = await folderOfSlices(3);
    await symlink(root, join(root, 'loop'));
    await symlink(join(root, 'nowhere.dcm'), join(root, 'broken.dcm'));
    const before = await look(root, indexPath);
    await writeObject(join(root, 'nowhere.dcm'), sliceDataSet(3));
    const after = await look(root, indexPath);
    expect(after.scan).toStrictEqual(await scanDicomFolder(root));
    expect(after.scan.files).toBe(before.scan.files + 2);
  });

  it('says that a damaged index is made anew, once', async () => {
    const { root, indexPath } = await folderOfSlices(3);
    await look(root, indexPath);
    await writeFile(indexPath, 'FVXINDX1 and then nonsense');
    expect(await look(root, indexPath)).toMatchObject({ known: 0, notes: ['imaging/index-anew'] });
    expect(await look(root, indexPath)).toMatchObject({ known: 3, notes: [] });
  });

  it('knows nothing of another folder', async () => {
    const { root, indexPath } = await folderOfSlices(3);
    await look(root, indexPath);
    const moved = `${root}-moved`;
    await rename(root, moved);
    expect(await look(moved, indexPath)).toMatchObject({ known: 0, notes: ['imaging/index-anew'] });
  });

  it('agrees with a fresh one whatever was done to the files in between', async () => {
    const edit = fc.record({
      does: fc.constantFrom('rewrite', 'cut', 'spoil', 'remove', 'swap', 'copy', 'touch', 'move'),
      slice: fc.nat({ max: 4 }),
      other: fc.nat({ max: 4 }),
    });
    const edits = fc.array(fc.array(edit, { minLength: 1, maxLength: 3 }), { maxLength: 3 });
    await fc.assert(
      fc.asyncProperty(edits, async (rounds) => {
        const { root, indexPath } = await folderOfSlices(5);
        for (const round of [[], ...rounds]) {
          await setTimeout(TICK_MS);
          for (const one of round) await change(root, one);
          expect((await look(root, indexPath)).scan).toStrictEqual(await scanDicomFolder(root));
        }
      }),
      { numRuns: 20 },
    );
  });
});

describe('a folder of many files', () => {
  it('is the same read on several threads, told in steps', async () => {
    const { root } = await folderOfSlices(520);
    await writeFile(join(root, 'spoilt.dcm'), 'no DICOM');
    const told: HeaderProgress[] = [];
    const onProgress = (progress: HeaderProgress) => void told.push(progress);
    const threaded = await scanDicomFolder(root, { threads: 2, onProgress });
    expect(threaded).toStrictEqual(await scanDicomFolder(root, { threads: 1 }));
    expect(threaded.series[0]?.frames.length).toBe(520);
    expect(threaded.refused.map(({ code }) => code)).toEqual(['imaging/not-dicom']);
    expect(told.length).toBeGreaterThan(5);
    expect(told.at(-1)).toEqual({ kind: 'headers', done: 521, total: 521, remainingMs: 0 });
  });
});

describe('the progress of a look', () => {
  it('says how long the rest will take at the pace so far, whatever the index knew', async () => {
    const { root, indexPath } = await folderOfSlices(30);
    await look(root, indexPath);
    await writeSlices(root, undefined, 180);
    let nowMs = systemClock.nowMs();
    // Each time that somebody asks for it, a second has gone by.
    const clock: Clock = { ...systemClock, nowMs: () => (nowMs += 1_000) };
    const told: HeaderProgress[] = [];
    await scanDicomFolder(root, { clock, onProgress: (progress) => void told.push(progress) });
    expect(told).toEqual(
      [50, 100, 150, 180].map((done, at) => ({
        kind: 'headers',
        done,
        total: 180,
        remainingMs: ((at + 1) * 1_000 * (180 - done)) / done,
      })),
    );
  });
});

interface Edit {
  readonly does: 'rewrite' | 'cut' | 'spoil' | 'remove' | 'swap' | 'copy' | 'touch' | 'move';
  readonly slice: number;
  readonly other: number;
}

/** One thing that people and programs do to files; of a file that is gone, nothing. */
async function change(root: string, { does, slice, other }: Edit): Promise<void> {
  const path = join(root, nameOf(slice));
  const otherPath = join(root, nameOf(other));
  // What was moved or removed before is written anew.
  const bytes = await readFile(path).catch(() => undefined);
  // Likewise.
  const otherBytes = await readFile(otherPath).catch(() => undefined);
  if (bytes === undefined || otherBytes === undefined) {
    return writeObject(path, sliceDataSet(slice));
  }
  switch (does) {
    case 'rewrite':
      return writeObject(path, { ...sliceDataSet(slice), SeriesInstanceUID: `2.25.10${other}` });
    case 'cut':
      return writeFile(path, bytes.subarray(0, 100 * (other + 1)));
    case 'spoil':
      return writeFile(path, Buffer.from(bytes).fill(other, 132, 140));
    case 'remove':
      return rm(path);
    case 'swap':
      await writeFile(path, otherBytes);
      return writeFile(otherPath, bytes);
    case 'copy':
      return writeFile(join(root, `copy-${other}.dcm`), bytes);
    case 'touch':
      return utimes(path, 1_000_000_000, 1_000_000_000 + other);
    case 'move':
      return rename(path, join(root, `moved-${other}.dcm`));
  }
}
