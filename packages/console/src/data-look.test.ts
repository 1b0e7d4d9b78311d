import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock } from '@fedvox/base/system';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { DataLook } from './data-look.js';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'fedvox-data-look-'));
});
afterEach(() => rm(folder, { recursive: true }));

it('tells the warnings of a look that an earlier version kept, in the words that it kept', async () => {
  const coded = { what: 'b', code: 'imaging/label-corrected', reason: 'b: corrected', advice: '' };
  const scans = [
    { what: 'a', warnings: ['a is padded'] },
    { what: 'b', warnings: [coded] },
  ];
  await writeFile(join(folder, 'last-look.json'), JSON.stringify({ atMs: 5, scans }));
  const look = new DataLook({
    ...{ data: { kind: 'dicom', path: folder }, folder, clock: systemClock },
  });
  const { findings } = await look.page();
  expect(findings?.scans.map(({ warnings }) => warnings)).toEqual([
    [{ what: 'a', code: '', reason: 'a is padded', advice: '' }],
    [coded],
  ]);
});
