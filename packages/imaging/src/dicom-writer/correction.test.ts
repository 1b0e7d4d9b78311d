import { cp, mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { openDataset } from '../datasets/dataset.js';
import { loadCase } from '../datasets/load-case.js';
import type { DatasetSpec } from '../datasets/spec.js';
import type { LabelMap } from '../geometry/grid.js';
import { inspectFolder } from '../inspect/inspect-folder.js';
import { writeNifti } from '../nifti/write.js';
import { CLASSES, phantomVolumes, writePhantomCase } from '../testing/phantom-case.js';
import { temporaryFolder } from '../testing/temporary-folder.js';
import { uncorrectable, writeCorrection } from './correction.js';

const createdAt = new Date('2026-01-02T03:04:05Z');

let folder: string;
let corrections: string;
beforeEach(async () => {
  folder = await temporaryFolder();
  corrections = join(folder, 'corrections');
});

async function onlyCase(spec: DatasetSpec, classes: readonly string[] = CLASSES) {
  const { cases, refused } = await openDataset(spec, classes, {
    indexPath: join(folder, 'headers.index'),
  });
  const ref = cases[0]!;
  return { ref, refused, label: (await loadCase(ref, classes)).label! };
}

/** A lesion of one voxel in the patient's left half (i = 4 of 6), and one organ voxel that is none. */
function redrawn({ data, ...grid }: LabelMap): LabelMap {
  const after = data.slice();
  after[4] = 2;
  after[data.indexOf(1)] = 0;
  return { ...grid, data: after };
}

describe('a corrected label of a series', () => {
  const spec = (): DatasetSpec => ({ kind: 'dicom', path: join(folder, 'data'), corrections });
  beforeEach(() => writePhantomCase(join(folder, 'data')));

  it('is what the site’s data have from then on, voxel for voxel', async () => {
    const { ref, label: before } = await onlyCase(spec());
    const after = redrawn(before);
    const path = await writeCorrection(corrections, ref, {
      before,
      after,
      classes: CLASSES,
      createdAt,
    });
    const corrected = await onlyCase(spec());
    expect(corrected.label.data).toEqual(after.data);
    expect(corrected.label.affineRas).toEqual(before.affineRas);
    expect(corrected.refused.map(({ code }) => code)).toContain('imaging/label-corrected');
    expect((await onlyCase({ ...spec(), corrections: join(folder, 'none') })).label).toEqual(
      before,
    );
    await rm(path);
    expect((await onlyCase(spec())).label.data).toEqual(before.data);
  });

  it('is shown by an inspection, with its volume and a word about it', async () => {
    const { ref, label: before } = await onlyCase(spec());
    const after = redrawn(before);
    await writeCorrection(corrections, ref, { before, after, classes: CLASSES, createdAt });
    const { scans } = await inspectFolder(join(folder, 'data'), { corrections, classes: CLASSES });
    expect(scans).toHaveLength(1);
    const voxelsOf = (value: number) => after.data.filter((each) => each === value).length;
    expect(scans[0]?.labels.map(({ name, voxels }) => [name, voxels])).toEqual([
      ['organ', voxelsOf(1)],
      ['lesion', voxelsOf(2)],
    ]);
    expect(scans[0]?.warnings).toMatchObject([{ code: 'imaging/label-corrected' }]);
  });

  it('of one class leaves the others as they were drawn', async () => {
    const organ = ['background', 'organ'];
    const { ref, label: before } = await onlyCase(spec(), organ);
    const all = (await onlyCase(spec())).label;
    const data = before.data.slice();
    data[before.data.indexOf(1)] = 0;
    const after = { ...before, data };
    await writeCorrection(corrections, ref, { before, after, classes: organ, createdAt });
    const expected = all.data.map((value, at) => (value === 1 && data[at] === 0 ? 0 : value));
    expect((await onlyCase(spec())).label.data).toEqual(expected);
    const again = { ...after, data: before.data };
    const later = new Date(createdAt.getTime() + 60_000);
    await writeCorrection(corrections, ref, {
      before: after,
      after: again,
      classes: organ,
      createdAt: later,
    });
    expect((await onlyCase(spec())).label.data).toEqual(all.data);
  });
});

describe('a corrected label of a case of files', () => {
  const spec = (): DatasetSpec => {
    const labels = { right: 'organ', left: 'organ' };
    return { kind: 'msd', path: join(folder, 'data'), labels, corrections };
  };
  const write = async (seed: string) => {
    const { image, label } = phantomVolumes(seed);
    // The organ is two in the file: 1 and 3, of which the job makes one.
    const data = label.data.map((value, at) => (value === 1 && at % 2 === 0 ? 3 : value));
    const path = join(folder, 'data');
    await mkdir(path, { recursive: true });
    await writeNifti(join(path, 'scan.nii.gz'), image);
    await writeNifti(join(path, 'label.nii.gz'), { ...label, data });
    const labels = { 0: 'background', 1: 'right', 2: 'lesion', 3: 'left' };
    const training = [{ image: 'scan.nii.gz', label: 'label.nii.gz' }];
    await writeFile(join(path, 'dataset.json'), JSON.stringify({ labels, training }));
    return data;
  };

  it('keeps the file’s own values wherever nothing was changed', async () => {
    const values = await write('one');
    const { ref, label: before } = await onlyCase(spec());
    const after = redrawn(before);
    const path = await writeCorrection(corrections, ref, {
      before,
      after,
      classes: CLASSES,
      createdAt,
    });
    const corrected = await onlyCase(spec());
    expect(corrected.label.data).toEqual(after.data);
    expect(corrected.refused.map(({ code }) => code)).toContain('imaging/label-corrected');
    await cp(path, join(folder, 'data', 'label.nii.gz'));
    const own = await onlyCase({ ...spec(), labels: {}, corrections: join(folder, 'none') }, [
      ...['background', 'right', 'lesion', 'left'],
    ]);
    const expected = values.map((value, at) =>
      after.data[at] === before.data[at] ? value : after.data[at]!,
    );
    expect(own.label.data).toEqual(expected);
  });

  it('is not read for another scan of the same name', async () => {
    await write('one');
    const { ref, label: before } = await onlyCase(spec());
    const after = redrawn(before);
    await writeCorrection(corrections, ref, { before, after, classes: CLASSES, createdAt });
    await write('another');
    const other = await onlyCase(spec());
    expect(other.label.data).toEqual(
      (await onlyCase({ ...spec(), corrections: join(folder, 'no') })).label.data,
    );
    expect(other.refused).toEqual([]);
  });

  it('is refused where the file has no value for what was drawn, and where it would be read resampled', async () => {
    await write('one');
    const { ref, label: before } = await onlyCase(spec());
    const source = ref.source as Extract<typeof ref.source, { kind: 'file' }>;
    const classOf = new Map([[1, 1]]);
    const lacking = { ...ref, source: { ...source, label: { ...source.label!, classOf } } };
    const after = redrawn(before);
    await expect(
      writeCorrection(corrections, lacking, { before, after, classes: CLASSES, createdAt }),
    ).rejects.toThrow('has no value for lesion');
    expect(uncorrectable(ref)).toBeUndefined();
    const sheared = { ...ref, source: { ...source, shearedGrid: ref.grid } };
    expect(uncorrectable(sheared)?.code).toBe('imaging/correction-resampled');
  });
});
