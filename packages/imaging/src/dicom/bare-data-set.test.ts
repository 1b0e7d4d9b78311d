import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { openDataset } from '../datasets/dataset.js';
import { loadCase } from '../datasets/load-case.js';
import { implicit } from '../testing/part10-variants.js';
import { writePhantomCase } from '../testing/phantom-case.js';
import { temporaryFolder } from '../testing/temporary-folder.js';
import { missingHead } from './bare-data-set.js';

const META_LENGTH_AT = 140;
const META_START = 144;
async function seriesStoredAs(change: (file: Buffer) => Buffer): Promise<string> {
  const [whole, bare] = [await temporaryFolder(), await temporaryFolder()];
  await writePhantomCase(whole);
  await mkdir(join(bare, 'mr'));
  for (const name of await readdir(join(whole, 'mr'))) {
    await writeFile(join(bare, 'mr', name), change(await readFile(join(whole, 'mr', name))));
  }
  return bare;
}

async function voxels(path: string): Promise<Float32Array> {
  const { cases, refused } = await openDataset({ kind: 'dicom', path }, [], { labels: 'optional' });
  expect(refused).toEqual([]);
  return (await loadCase(cases[0]!, [])).image.data;
}

describe('DICOM without a preamble', () => {
  const dataSet = (file: Buffer) => file.subarray(META_START + file.readUInt32LE(META_LENGTH_AT));

  it.each([
    ['its file meta group first', (file: Buffer) => file.subarray(132)],
    ['the data set alone, explicit', dataSet],
    ['the data set alone, implicit', (file: Buffer) => implicit(dataSet(file))],
  ])('is read as it would be with one: %s', async (_, change) => {
    const expected = await voxels(await seriesStoredAs((file) => file));
    expect(await voxels(await seriesStoredAs(change))).toEqual(expected);
  });

  it.each([
    ['text', Buffer.from('8 slices, seen on 0008, and what else a person noted')],
    ['zeros', Buffer.alloc(400)],
    ['one element alone', Buffer.from('080005004353000008000500', 'hex')],
    ['nothing', Buffer.alloc(0)],
  ])('is not found in %s', (_, bytes) => {
    expect(missingHead(bytes)).toBeUndefined();
  });
});
