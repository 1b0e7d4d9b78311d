import { symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { testDataDir } from '@fedvox/base/system';
import { describe, expect, it } from 'vitest';
import { apply, invert } from '../geometry/affine.js';
import { corners, type Grid, spacingMm, type Volume } from '../geometry/grid.js';
import { valuesOf } from '../geometry/stored-volume.js';
import { distance } from '../geometry/vector.js';
import { inspectFolder } from '../inspect/inspect-folder.js';
import { readNifti } from '../nifti/read.js';
import { readNrrd } from '../nrrd/read.js';
import { temporaryFolder } from '../testing/temporary-folder.js';
import { sampleNearest } from '../transforms/grid-sampling.js';
import { openDataset } from './dataset.js';
import { loadCase } from './load-case.js';
import { readVolume } from './read-volume.js';

/** Real scans, described in the README beside them. Tests that need them are skipped where absent. */
const data = testDataDir();
const under = (...path: string[]) => join(data ?? '', ...path);

/** Largest difference of values at the same places, whatever the order of axes in either file. */
function largestDifference(ours: Volume, reference: Volume): number {
  const { data: values } = sampleNearest(ours, reference, 'zero');
  return values.reduce(
    (worst, value, at) => Math.max(worst, Math.abs(value - reference.data[at]!)),
    0,
  );
}

/** How far, in mm, the reference's corner voxels are from the nearest voxel of ours. */
function largestOffsetMm(ours: Grid, reference: Grid): number {
  return Math.max(
    ...corners(reference.shape).map((corner) => {
      const world = apply(reference.affineRas, corner);
      const [i, j, k] = apply(invert(ours.affineRas), world).map(Math.round) as [
        number,
        number,
        number,
      ];
      return distance(apply(ours.affineRas, [i, j, k]), world);
    }),
  );
}

describe.skipIf(data === undefined)('hippocampus: NIfTI and DICOM are the same cases', () => {
  const classes = ['background', 'anterior', 'posterior'];
  const labels = { 'Anterior hippocampus': 'anterior', 'Posterior hippocampus': 'posterior' };

  it('finds every case of the Decathlon folder, and those of a site', async () => {
    const spec = { kind: 'msd', path: under('hippocampus') } as const;
    const { cases, refused } = await openDataset(spec, classes);
    expect([cases.length, refused]).toEqual([208, []]);
    const site = await openDataset({ ...spec, site: 'site-a' }, classes);
    expect(site.cases).toHaveLength(42);
    expect(site.cases[0]!.modality).toBe('MR');
  });

  it.each(['site-a', 'site-b', 'site-c'])(
    '%s: volumes within 2.5e-4 of their maximum, labels exact',
    async (site) => {
      const nifti = await openDataset({ kind: 'msd', path: under('hippocampus') }, classes);
      const path = under('hippocampus-dicom', site);
      const { cases, refused } = await openDataset({ kind: 'dicom', path, labels }, classes);
      expect([cases.length, refused]).toEqual([12, []]);
      for (const ref of cases) {
        const { what } = ref.source as { what: string };
        const twin = nifti.cases.find(({ caseId }) => what.startsWith(`${caseId}/`));
        const [ours, theirs] = [await loadCase(ref, classes), await loadCase(twin!, classes)];
        const maximum = theirs.image.data.reduce((a, b) => Math.max(a, b));
        expect(ours.image.affineRas).toEqual(theirs.image.affineRas);
        expect(largestDifference(ours.image, theirs.image)).toBeLessThanOrEqual(2.5e-4 * maximum);
        expect(Buffer.compare(ours.label!.data, theirs.label!.data)).toBe(0);
      }
    },
  );
});

describe.skipIf(data === undefined)('series of other people’s scanners equal their NIfTI', () => {
  it.each([
    'siemens',
    'philips',
    'ge',
    'hitachi',
    'compressed_rle',
    'compressed_j2k',
    'compressed_jpegls',
  ])('%s', async (vendor) => {
    const ours = valuesOf(await readVolume(under('dicom-real', 'scanners', vendor, '001')));
    const reference = await readNifti(
      under('dicom-real', 'scanners', vendor, '001_ground_truth.nii.gz'),
    );
    expect(largestOffsetMm(ours, reference)).toBeLessThan(0.01);
    expect(largestDifference(ours, reference)).toBe(0);
  });

  it.each([
    ['STS_001', 'MR_T1'],
    ['STS_002', 'MR_T1'],
    ['STS_002', 'CT'],
    ['STS_002', 'PET'],
    ['STS_003', 'MR_T1'],
  ])('%s %s', async (patient, modality) => {
    const read = await readVolume(under('dicom-real', 'sts', patient, modality, 'image'));
    const ours = valuesOf(read);
    const reference = await readNifti(
      under('dicom-real', 'sts', patient, `${modality}_image.nii.gz`),
    );
    const maximum = reference.data.reduce((a, b) => Math.max(a, b));
    expect(largestOffsetMm(ours, reference)).toBeLessThan(0.01);
    expect(largestDifference(ours, reference)).toBeLessThan(1e-5 * maximum);
    // PET has another slope on every slice.
    expect('stored' in read).toBe(modality !== 'PET');
  });

  it.each([
    ['STS_001', 'MR_T1'],
    ['STS_002', 'MR_T1'],
    ['STS_002', 'CT'],
    ['STS_002', 'PET'],
    ['STS_003', 'MR_T1'],
  ])('%s %s: the contours enclose the mask, voxel for voxel', async (patient, modality) => {
    const path = under('dicom-real', 'sts', patient, modality);
    const { scans } = await inspectFolder(path);
    const names = ['background', ...scans[0]!.labels.map(({ name }) => name)];
    expect(names).toHaveLength(2);
    const { cases } = await openDataset({ kind: 'dicom', path }, names);
    const { label } = await loadCase(cases[0]!, names);
    const mask = await readNifti(under('dicom-real', 'sts', patient, `${modality}_mask.nii.gz`));
    const { data: voxels } = sampleNearest(label!, mask, 'zero');
    expect(voxels.some((voxel) => voxel === 1)).toBe(true);
    expect(voxels.findIndex((voxel, at) => voxel !== mask.data[at])).toBe(-1);
  });
});

describe.skipIf(data === undefined)('enhanced multi-frame', () => {
  it.each(['23x38x3', '24x38x3'])('%s: the same volume as its single frames', async (name) => {
    const folder = under('dicom-real', 'seg', name);
    const [multi, single] = [join(folder, 'multiframe'), join(folder, 'image')];
    expect(await readVolume(multi)).toEqual(await readVolume(single));
  });
});

describe.skipIf(data === undefined)('segmentations of other tools equal their NRRD', () => {
  const seg = (...path: string[]) => under('dicom-real', 'seg', ...path);

  /** A folder with one series and one segmentation of it, as a site would hold them. */
  async function segmented(series: string, segmentation: string): Promise<string> {
    const folder = await temporaryFolder();
    await symlink(seg(series), join(folder, 'series'));
    await symlink(seg(segmentation), join(folder, 'segmentation'));
    return folder;
  }

  it.each([
    // Frames that do not start on a byte; the plain case; a LABELMAP with slices left out.
    ['23x38x3/image', '23x38x3/seg/label.seg', 'liver', '23x38x3/nrrd/label.nrrd', 1],
    ['24x38x3/image', '24x38x3/seg/label.seg', 'liver', '24x38x3/nrrd/label.nrrd', 1],
    ['24x38x3/image', 'sparse-labelmap-noppv.dcm', 'liver', 'sparse_labelmap_noppv_seg.nrrd', 1],
    ['24x38x3/image', 'sparse-labelmap-ppv5.dcm', 'liver', 'sparse_labelmap_ppv5_seg.nrrd', 1],
    ['ct-3slice', 'liver.dcm', 'liver', 'liver_seg.nrrd', 1],
    // Segments that overlap, each read by itself.
    ['ct-3slice', 'partial_overlaps.dcm', 'green', 'partial_overlaps-1.nrrd', 1],
    ['ct-3slice', 'partial_overlaps.dcm', 'orange', 'partial_overlaps-2.nrrd', 2],
    ['ct-3slice', 'partial_overlaps.dcm', 'purple', 'partial_overlaps-3.nrrd', 3],
    ['ct-3slice', 'partial_overlaps.dcm', 'light_blue', 'partial_overlaps-1.nrrd', 4],
    ['ct-3slice', 'partial_overlaps.dcm', 'dark_blue', 'partial_overlaps-1.nrrd', 5],
  ])('%s with %s: %s', async (series, segmentation, name, nrrd, value) => {
    const path = await segmented(series, segmentation);
    const { cases } = await openDataset({ kind: 'dicom', path }, ['background', name]);
    const { label } = await loadCase(cases[0]!, ['background', name]);
    const reference = await readNrrd(seg(nrrd));
    expect(largestOffsetMm(label!, reference)).toBeLessThan(0.01);
    const { data: voxels } = sampleNearest(label!, reference, 'zero');
    expect(voxels.findIndex((voxel, at) => (voxel === 1) !== (reference.data[at] === value))).toBe(
      -1,
    );
  });

  it('refuses overlapping segments that are both classes of the job', async () => {
    const path = await segmented('ct-3slice', 'partial_overlaps.dcm');
    const classes = ['background', 'green', 'orange'];
    const { cases } = await openDataset({ kind: 'dicom', path }, classes);
    await expect(loadCase(cases[0]!, classes)).rejects.toMatchObject({
      code: 'imaging/overlapping-segments',
    });
  });
});

describe.skipIf(data === undefined)('what is no plain volume is refused by name', () => {
  it.each([
    ['gantrytilting', 'imaging/gantry-tilt'],
    ['sliceorientation', 'imaging/mixed-orientations'],
  ])('%s', async (folder, code) => {
    const path = under('dicom-real', 'refused', folder);
    const { cases, refused } = await openDataset({ kind: 'dicom', path }, [], {
      labels: 'optional',
    });
    expect(cases).toEqual([]);
    expect(refused.map((refusal) => refusal.code)).toEqual([code]);
  });

  it('gantrytilting, resampled: has 4.85 mm between slices and not 5', async () => {
    const path = under('dicom-real', 'refused', 'gantrytilting');
    const spec = { kind: 'dicom', path, gantryTilt: 'resample' } as const;
    const { cases } = await openDataset(spec, [], { labels: 'optional' });
    const { image } = await loadCase(cases[0]!, []);
    expect(spacingMm(image)[2]).toBeCloseTo(4.8515, 4);
    expect(image.shape[2]).toBe(4);
    expect(image.shape[1]).toBeGreaterThan(512);
  });
});
