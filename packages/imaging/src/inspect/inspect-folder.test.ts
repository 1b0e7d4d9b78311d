import { copyFile, readdir, readFile, unlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gzipSync, inflateSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { openDataset } from '../datasets/dataset.js';
import { writeDicomSeg } from '../dicom-writer/seg.js';
import { writeNifti } from '../nifti/write.js';
import {
  rectangle,
  SIZE,
  SLICE_MM,
  words,
  writeSlices,
  writeStructureSet,
} from '../testing/dicom-objects.js';
import {
  CLASSES,
  PATIENT,
  phantomVolumes,
  writePhantomCase,
  writePhantomSeg,
} from '../testing/phantom-case.js';
import { temporaryFolder } from '../testing/temporary-folder.js';
import { writeVolumeFile } from '../volume-files/write.js';
import type { LabelRules } from './candidates.js';
import { type InspectOptions, inspectFolder } from './inspect-folder.js';

describe('inspecting a folder', () => {
  it('tells of each series what a hospital engineer asks', async () => {
    const folder = await temporaryFolder();
    const { image, label } = await writePhantomCase(folder);
    const { scans, refused, files } = await inspectFolder(folder);
    expect(refused).toEqual([]);
    expect(files).toBe(9);
    const voxels = (value: number) => label.data.filter((each) => each === value).length;
    const mlPerVoxel = (1.5 * 1.25 * 2) / 1000;
    expect(scans).toMatchObject([
      {
        format: 'dicom',
        patientId: PATIENT.patientId,
        modality: 'MR',
        shape: [6, 5, 8],
        spacingMm: [1.5, 1.25, 2],
        orientation: 'LPS',
        slices: 8,
        usable: true,
        intensity: { min: Math.min(...image.data), max: Math.max(...image.data) },
        labels: [
          { name: 'organ', voxels: voxels(1), ml: expect.closeTo(voxels(1) * mlPerVoxel, 9) },
          { name: 'lesion', voxels: voxels(2), ml: expect.closeTo(voxels(2) * mlPerVoxel, 9) },
        ],
      },
    ]);
  });

  it('shows what a model of ours drew beside the label, with its agreement, the newest of several', async () => {
    const folder = await temporaryFolder();
    const { label, reference } = await writePhantomCase(folder);
    const segments = [
      { value: 1, label: 'organ' },
      { value: 2, label: 'lesion' },
    ];
    const predict = async (name: string, day: number, draw: (value: number) => number) => {
      const data = label.data.map(draw);
      const createdAt = new Date(Date.UTC(2024, 0, day));
      const options = { identity: name, createdAt };
      await writeDicomSeg(join(folder, name), { ...label, data }, segments, reference, options);
    };
    await predict('newer.dcm', 2, (value) => (value === 1 ? 1 : 0));
    await predict('older.dcm', 1, (value) => value);
    const [scan] = (await inspectFolder(folder)).scans;
    const organ = label.data.filter((each) => each === 1).length;
    expect(scan!.prediction).toMatchObject({
      path: join(folder, 'newer.dcm'),
      classes: [
        { name: 'organ', voxels: organ, dice: 1 },
        { name: 'lesion', voxels: 0, dice: 0 },
      ],
    });
    expect(scan!.labels.map(({ voxels }) => voxels > 0)).toEqual([true, true]);
  });

  it('finds the predictions of files by their names, and warns of one on another grid', async () => {
    const [folder, predictedFolder] = [await temporaryFolder(), await temporaryFolder()];
    const { image, label } = phantomVolumes('files');
    await writeNifti(join(folder, 'a.nii.gz'), image);
    await writeNifti(join(folder, 'b.nii.gz'), image);
    await writeNifti(join(predictedFolder, 'a.nii.gz'), label);
    const shape = [5, 6, 8] as const;
    await writeNifti(join(predictedFolder, 'b.nii'), { ...label, shape });
    const [a, b] = (await inspectFolder(folder, { predictedFolder })).scans;
    const voxels = (value: number) => label.data.filter((each) => each === value).length;
    expect(a!.prediction!.classes).toMatchObject([
      { name: 'class 1', voxels: voxels(1) },
      { name: 'class 2', voxels: voxels(2) },
    ]);
    expect(b).toMatchObject({
      usable: true,
      warnings: [
        { reason: expect.stringContaining('its matrix is 5 × 6 × 8, that of the image 6 × 5 × 8') },
      ],
    });
    expect(b!.prediction).toBeUndefined();
  });

  it('finds the predictions of files in any format that they are written in', async () => {
    const [folder, predictedFolder] = [await temporaryFolder(), await temporaryFolder()];
    const { image, label } = phantomVolumes('found');
    const endings = ['nii.gz', 'nii', 'nrrd'];
    for (const [at, ending] of endings.entries()) {
      await writeNifti(join(folder, `${at}.nii`), image);
      await writeVolumeFile(join(predictedFolder, `${at}.${ending}`), label);
    }
    const { scans } = await inspectFolder(folder, { predictedFolder });
    expect(scans.map(({ prediction }) => prediction?.path)).toEqual(
      endings.map((ending, at) => join(predictedFolder, `${at}.${ending}`)),
    );
  });

  it('judges labels for a job only when it knows the job’s classes', async () => {
    const folder = await temporaryFolder();
    await writePhantomCase(folder);
    await unlink(join(folder, 'seg.dcm'));
    expect((await inspectFolder(folder)).scans[0]!.usable).toBe(true);
    expect((await inspectFolder(folder, { classes: CLASSES })).scans[0]).toMatchObject({
      usable: false,
      refusal: { code: 'imaging/label-missing' },
      modality: 'MR',
      slices: 8,
    });
  });

  it('warns of labels that contradict each other, which only a job would be refused for', async () => {
    const folder = await temporaryFolder();
    const { label, reference } = await writePhantomCase(folder);
    await writePhantomSeg(join(folder, 'seg2.dcm'), label, reference, ['organ']);
    const [scan] = (await inspectFolder(folder)).scans;
    expect(scan).toMatchObject({
      usable: true,
      labels: [],
      warnings: [{ code: 'imaging/ambiguous-label' }],
    });
    const [forJob] = (await inspectFolder(folder, { classes: CLASSES })).scans;
    expect(forJob).toMatchObject({ usable: false, refusal: { code: 'imaging/ambiguous-label' } });
  });

  it('names every refusal and reports the rest, in a folder of everything', async () => {
    const folder = await temporaryFolder();
    await writePhantomCase(join(folder, 'good'), 'good');
    await writePhantomCase(join(folder, 'gap'), 'gap');
    await unlink(join(folder, 'gap', 'mr', 'IM00004.dcm'));
    await copyFile(join(folder, 'good', 'seg.dcm'), join(folder, 'gap', 'orphan.dcm'));
    await unlink(join(folder, 'good', 'seg.dcm'));
    await writeNifti(join(folder, 'scan.nii.gz'), phantomVolumes('nifti').image);
    await writeFile(join(folder, 'broken.nii.gz'), 'no');
    await writeFile(join(folder, 'junk.dcm'), 'no');
    await writeFile(join(folder, 'notes.txt'), 'no');
    const { scans, refused, otherFiles } = await inspectFolder(folder);
    expect(scans.map(({ what, usable }) => [what.split(' ')[0], usable])).toEqual([
      ['gap/mr', false],
      ['good/mr', true],
      ['scan.nii.gz', true],
    ]);
    expect(refused.map(({ code }) => code).sort()).toEqual([
      'imaging/not-dicom',
      'imaging/not-nifti',
    ]);
    expect(otherFiles).toBe(1);
  });

  it('names the scan, the value and the place of a voxel that no scanner measures', async () => {
    const folder = await temporaryFolder();
    const { image } = phantomVolumes('extreme');
    const data = image.data.map((value, at) => (at === 2 * 30 + 4 * 6 + 3 ? -3e38 : value));
    await writeNifti(join(folder, 'scan.nii.gz'), { ...image, data });
    const { scans } = await inspectFolder(folder);
    expect(scans).toMatchObject([{ what: 'scan.nii.gz', usable: false }]);
    expect(scans[0]?.refusal).toMatchObject({
      code: 'imaging/unusable-values',
      reason: expect.stringMatching(/scan\.nii\.gz .*: -3\.0.*e\+38 at \(3, 4, 2\)$/),
    });
  });

  it('names packed archives, which may hold scans, and no documents', async () => {
    const folder = await temporaryFolder();
    const { image } = phantomVolumes('packed');
    await writeNifti(join(folder, 'scan.nii'), image);
    await writeFile(join(folder, 'study.zip'), 'PK\x03\x04 and so on');
    await writeFile(join(folder, 'IM00001.dcm.gz'), gzipSync('a slice'));
    await writeFile(join(folder, 'notes.docx'), 'PK\x03\x04 and so on');
    const { scans, refused, otherFiles } = await inspectFolder(folder);
    expect(scans).toHaveLength(1);
    expect(refused.map(({ code, reason }) => [code, reason.replace(/.* is a /, '')])).toEqual([
      ['imaging/archive', 'packed archive (gzip), which is not looked into'],
      ['imaging/archive', 'packed archive (zip), which is not looked into'],
    ]);
    expect(otherFiles).toBe(1);
  });

  it('reads a Decathlon folder by its manifest', async () => {
    const folder = await temporaryFolder();
    const { image, label } = phantomVolumes('msd');
    await writeNifti(join(folder, 'image.nii.gz'), image);
    await writeNifti(join(folder, 'label.nii.gz'), label);
    const manifest = {
      labels: { 0: 'background', 1: 'organ', 2: 'lesion' },
      training: [{ image: './image.nii.gz', label: './label.nii.gz' }, { image: './gone.nii.gz' }],
    };
    await writeFile(join(folder, 'dataset.json'), JSON.stringify(manifest));
    const { scans, refused, otherFiles } = await inspectFolder(folder);
    expect(scans).toMatchObject([
      { what: 'image', labels: [{ name: 'organ' }, { name: 'lesion' }] },
    ]);
    expect(refused).toMatchObject([{ code: 'imaging/folder-unreadable' }]);
    expect(otherFiles).toBe(0);
  });
});

describe('what a training would make of a folder', () => {
  const drawn = (name: string, x: number) => ({
    name,
    contours: [1, 2].map((slice) => ({
      points: rectangle(2, 2, x, 9),
      z: slice * SLICE_MM,
    })),
  });

  async function outlined(): Promise<string> {
    const folder = await temporaryFolder();
    await writeSlices(folder);
    await writeStructureSet(join(folder, 'rs.dcm'), [
      drawn('BODY', 12),
      drawn('Tumour', 4),
      drawn('Organ', 9),
    ]);
    return folder;
  }

  it('shows every label of a scan, whole, where the body’s contour lies over the others', async () => {
    const folder = await outlined();
    const [scan] = (await inspectFolder(folder)).scans;
    const alone = async (name: string) => {
      const { scans } = await inspectFolder(folder, { classes: ['background', name] });
      return scans[0]!.labels[0];
    };
    expect(scan).toMatchObject({ usable: true, trainable: true, warnings: [] });
    expect(scan!.labels).toEqual(await Promise.all(['body', 'tumour', 'organ'].map(alone)));
    expect(scan!.labels.map(({ voxels }) => voxels > 0)).toEqual([true, true, true]);
  });

  it('judges overlap among the job’s classes alone', async () => {
    const folder = await outlined();
    const use = async (classes: string[], rules: LabelRules = {}) => {
      const [scan] = (await inspectFolder(folder, { classes, ...rules })).scans;
      return scan!.refusal?.code ?? scan!.labels.map(({ name }) => name);
    };
    expect(await use(['background', 'tumour'])).toEqual(['tumour']);
    const both = ['background', 'organ', 'tumour'];
    expect(await use(both)).toBe('imaging/overlapping-segments');
    expect(await use(both, { overlaps: 'later-class-wins' })).toEqual(['organ', 'tumour']);
  });

  it('uses no file that nothing lists, and says what serves for prediction alone', async () => {
    const folder = await temporaryFolder();
    await writeSlices(join(folder, 'ct'));
    await writeNifti(join(folder, 'a.nii.gz'), phantomVolumes('a').image);
    const use = async (options: InspectOptions) =>
      (await inspectFolder(folder, options)).scans.map(
        ({ usable, trainable, refusal }) => refusal?.code ?? [usable, trainable],
      );
    const unlabelled = [true, false];
    expect(await use({})).toEqual([unlabelled, unlabelled]);
    const none = ['imaging/label-missing', 'imaging/not-a-case'];
    expect(await use({ kind: 'dicom' })).toEqual(none);
    expect(await use({ kind: 'dicom', classes: ['background', 'x'] })).toEqual(none);
    const training = [{ image: 'a.nii.gz', label: 'l.nii.gz' }, { image: 'gone.nii.gz' }];
    const manifest = { labels: { 1: 'organ', 2: 'lesion' }, training };
    await writeNifti(join(folder, 'l.nii.gz'), phantomVolumes('a').label);
    await writeFile(join(folder, 'dataset.json'), JSON.stringify(manifest));
    expect(await use({ kind: 'msd' })).toEqual(['imaging/not-a-case', [true, true]]);
    expect(await use({ kind: 'dicom' })).toEqual([...none, 'imaging/not-a-case']);
  });

  it('says which names of a site match nothing', async () => {
    const folder = await outlined();
    const labels = { 'Tumor*': 'tumour', 'Tum*': 'tumour', BODY: 'body', body: 'body' };
    const { refused } = await inspectFolder(folder, { labels });
    const opened = await openDataset({ kind: 'dicom', path: folder, labels }, ['background']);
    for (const said of [refused, opened.refused]) {
      expect(said.map(({ code }) => code)).toEqual(Array(2).fill('imaging/label-unmatched'));
      expect(said[0]!.reason).toContain('is called Tumor*; there are BODY, Tumour, Organ');
    }
  });
});

describe('a picture of a DICOM series has the patient’s right at its left edge, acquired', () => {
  /** Orientation and position of each slice, in LPS mm, and which pixels are the patient's right. */
  const ACQUIRED = {
    axial: {
      rows: [1, 0, 0, 0, 1, 0],
      at: (slice: number) => [0, 0, 2 * slice],
      isRight: (column: number) => column < SIZE / 2,
    },
    'axial, prone': {
      rows: [-1, 0, 0, 0, -1, 0],
      at: (slice: number) => [15, 15, 2 * slice],
      isRight: (column: number) => column >= SIZE / 2,
    },
    coronal: {
      rows: [1, 0, 0, 0, 0, -1],
      at: (slice: number) => [0, 2 * slice, 0],
      isRight: (column: number) => column < SIZE / 2,
    },
    sagittal: {
      rows: [0, 1, 0, 0, 0, -1],
      at: (slice: number) => [2 * slice, 0, 0],
      isRight: (_: number, slice: number) => slice < 3,
    },
  };
  it.each(Object.entries(ACQUIRED))('%s', async (_, { rows, at, isRight }) => {
    const [folder, pictures] = [await temporaryFolder(), await temporaryFolder()];
    await writeSlices(folder, (slice) => ({
      ImageOrientationPatient: rows,
      ImagePositionPatient: at(slice),
      PixelData: words(
        Array.from({ length: SIZE * SIZE }, (_, pixel) =>
          isRight(pixel % SIZE, slice) ? 1000 : pixel % 3,
        ),
      ),
    }));
    const options = { pngFolder: pictures, thumbnailFolder: pictures };
    const [scan] = (await inspectFolder(folder, options)).scans;
    expect(scan).toMatchObject({
      png: join(pictures, '001.png'),
      thumbnail: join(pictures, '001-thumbnail.png'),
    });
    expect((await readdir(pictures)).sort()).toEqual(['001-thumbnail.png', '001.png']);
    const sheet = await greyOf(scan!.png!);
    // The middle column's axial and coronal views, a fifth of a view from their middles.
    for (const row of [0, 1]) {
      const [x, y] = [4 + 2 * 162 + 79, 4 + row * 162 + 79];
      expect([sheet.at(x - 20, y + 5), sheet.at(x + 20, y + 5)]).toEqual([255, 0]);
    }
    const small = await greyOf(scan!.thumbnail!);
    expect([small.width, small.height]).toEqual([160, 160]);
    expect([small.at(39 - 10, 42), small.at(39 + 10, 42)]).toEqual([255, 0]);
  });
});

/** The red of a PNG's pixels, as its rows are without filters. */
async function greyOf(path: string) {
  const png = await readFile(path);
  const [width, height] = [png.readUInt32BE(16), png.readUInt32BE(20)];
  const rows = inflateSync(png.subarray(41, 41 + png.readUInt32BE(33)));
  return { width, height, at: (x: number, y: number) => rows[y * (3 * width + 1) + 1 + 3 * x] };
}
