import { copyFile, mkdir, readFile, unlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { writeDicomSeg } from '../dicom-writer/seg.js';
import { writeSlices } from '../testing/dicom-objects.js';
import { CLASSES, PATIENT, writePhantomCase, writePhantomSeg } from '../testing/phantom-case.js';
import { temporaryFolder } from '../testing/temporary-folder.js';
import { contentKey } from './content-key.js';
import { openDataset } from './dataset.js';
import { loadCase } from './load-case.js';
import type { DatasetSpec } from './spec.js';

type DicomSpec = Omit<Extract<DatasetSpec, { kind: 'dicom' }>, 'kind' | 'path'>;

function open(path: string, spec: DicomSpec = {}) {
  return openDataset({ kind: 'dicom', path, ...spec }, CLASSES);
}

/** The one refusal of a folder that yields no case. */
async function refusalOf(path: string, spec: DicomSpec = {}) {
  const { cases, refused } = await open(path, spec);
  expect(cases).toEqual([]);
  expect(refused).toHaveLength(1);
  return refused[0]!;
}

describe('a folder of DICOM', () => {
  it('gives image and label voxel for voxel, whatever the storage', async () => {
    const storages = [
      {},
      { signed: true, storedBits: 16 },
      { modality: 'CT' as const, intercept: -1024, storedBits: 13 },
    ];
    for (const [index, storage] of storages.entries()) {
      const folder = await temporaryFolder();
      const written = await writePhantomCase(folder, `case-${index}`, storage);
      const { cases, refused } = await open(folder);
      expect(refused).toEqual([]);
      const { image, label, modality } = await loadCase(cases[0]!, CLASSES);
      expect(modality).toBe(storage.modality ?? 'MR');
      expect(image.shape).toEqual(written.image.shape);
      expect(image.affineRas).toEqual(written.image.affineRas);
      expect(image.data).toEqual(written.image.data);
      expect(label!.data).toEqual(written.label.data);
    }
  });

  it('finds files by content: no extension, deep, among others', async () => {
    const folder = await temporaryFolder();
    const deep = join(folder, 'a', 'b');
    await mkdir(deep, { recursive: true });
    await writePhantomCase(deep, 'case-1', { fileName: (slice) => `${(slice * 5) % 8}-blob` });
    await writeFile(join(folder, 'README.txt'), 'notes');
    const { cases, refused } = await open(folder);
    expect(cases).toHaveLength(1);
    expect(refused).toEqual([]);
  });

  it('knows the scans of one patient by a key that does not tell who it is', async () => {
    const folder = await temporaryFolder();
    await writePhantomCase(join(folder, 'a'), 'case-a');
    await writePhantomCase(join(folder, 'b'), 'case-b');
    const { cases } = await open(folder);
    const keys = cases.map(({ patientKey }) => patientKey);
    expect(keys).toEqual([keys[0], keys[0]]);
    expect(keys[0]).toMatch(/^[0-9a-f]{64}$/);
    expect(JSON.stringify(cases)).not.toContain(PATIENT.patientId);
  });

  it('gives a case an id and a key that depend on its content alone, not on where it lies', async () => {
    const [here, there] = [await temporaryFolder(), await temporaryFolder()];
    await writePhantomCase(here);
    await writePhantomCase(there, 'case-1', { fileName: (slice) => `${9 - slice}.dcm` });
    const [a, b] = [(await open(here)).cases[0]!, (await open(there)).cases[0]!];
    expect(a.caseId).toBe(b.caseId);
    expect(await contentKey(a)).toBe(await contentKey(b));
    expect(a.caseId).not.toContain('phantom');
  });

  it('gives another key when the labels come to mean something else', async () => {
    const folder = await temporaryFolder();
    await writePhantomCase(folder);
    const [plain] = (await open(folder)).cases;
    const [swapped] = (await open(folder, { labels: { Organ: 'lesion', lesion: 'organ' } })).cases;
    expect(await contentKey(plain!)).not.toBe(await contentKey(swapped!));
  });

  it('maps the site’s segment names to the job’s classes, and ignores other segments', async () => {
    const folder = await temporaryFolder();
    const { label, reference } = await writePhantomCase(folder);
    await writePhantomSeg(join(folder, 'seg.dcm'), label, reference, ['Tumour, left', 'Organ']);
    const spec = { labels: { 'Tumour, left': 'lesion' } };
    const { cases } = await open(folder, spec);
    const loaded = await loadCase(cases[0]!, CLASSES);
    expect([...loaded.label!.data]).toEqual([...label.data].map((value) => [0, 2, 1][value]));
    const organOnly = await openDataset({ kind: 'dicom', path: folder }, ['background', 'organ']);
    const organ = await loadCase(organOnly.cases[0]!, ['background', 'organ']);
    expect([...organ.label!.data]).toEqual([...label.data].map((value) => (value === 2 ? 1 : 0)));
  });

  it('joins segmentations of different classes', async () => {
    const folder = await temporaryFolder();
    const { label, reference } = await writePhantomCase(folder);
    await writePhantomSeg(join(folder, 'seg.dcm'), label, reference, ['organ']);
    const lesion = { ...label, data: label.data.map((value) => (value === 2 ? 1 : 0)) };
    await writePhantomSeg(join(folder, 'seg2.dcm'), lesion, reference, ['lesion']);
    const { cases } = await open(folder);
    expect((await loadCase(cases[0]!, CLASSES)).label!.data).toEqual(label.data);
  });

  it('reads an empty segmentation as a case without any of it', async () => {
    const folder = await temporaryFolder();
    const { label, reference } = await writePhantomCase(folder);
    await writePhantomSeg(
      join(folder, 'seg.dcm'),
      { ...label, data: label.data.map(() => 0) },
      reference,
    );
    const { cases } = await open(folder);
    expect((await loadCase(cases[0]!, CLASSES)).label!.data.every((value) => value === 0)).toBe(
      true,
    );
  });

  it('keeps scans without a label where labels are optional', async () => {
    const folder = await temporaryFolder();
    await writePhantomCase(folder);
    await unlink(join(folder, 'seg.dcm'));
    const spec = { kind: 'dicom', path: folder } as const;
    const { cases } = await openDataset(spec, CLASSES, { labels: 'optional' });
    expect(cases[0]).toMatchObject({ hasLabel: false, modality: 'MR' });
    expect((await loadCase(cases[0]!, CLASSES)).label).toBeUndefined();
  });
});

describe('what cannot be used is refused by name, and nothing else is lost', () => {
  it('a folder without DICOM', async () => {
    const folder = await temporaryFolder();
    await writeFile(join(folder, 'notes.txt'), 'nothing here');
    await expect(open(folder)).rejects.toMatchObject({ code: 'imaging/no-dicom' });
  });

  it('a folder that does not exist', async () => {
    await expect(open('/nowhere/at/all')).rejects.toMatchObject({
      code: 'imaging/folder-unreadable',
    });
  });

  it('a series with a missing slice', async () => {
    const folder = await temporaryFolder();
    await writePhantomCase(folder);
    await unlink(join(folder, 'mr', 'IM00004.dcm'));
    expect((await refusalOf(folder)).code).toBe('imaging/missing-slice');
  });

  it('a segmentation of slices that the series has lost at its end', async () => {
    const folder = await temporaryFolder();
    await writePhantomCase(folder);
    await unlink(join(folder, 'mr', 'IM00008.dcm'));
    expect((await refusalOf(folder)).code).toBe('imaging/label-slice-missing');
  });

  it('a segmentation that refers to another series, and the series it leaves bare', async () => {
    const folder = await temporaryFolder();
    const { label } = await writePhantomCase(folder);
    const elsewhere = await writePhantomCase(await temporaryFolder(), 'case-2');
    await writePhantomSeg(join(folder, 'seg.dcm'), label, elsewhere.reference);
    const { cases, refused } = await open(folder);
    expect(cases).toEqual([]);
    expect(refused.map(({ code }) => code).sort()).toEqual([
      'imaging/label-missing',
      'imaging/label-other-series',
    ]);
  });

  it('a segmentation on another grid than the series it refers to, where it is drawn beyond it', async () => {
    const folder = await temporaryFolder();
    const { label, reference } = await writePhantomCase(folder);
    const path = join(folder, 'seg.dcm');
    const movedBy = (mm: number) => {
      const affineRas = label.affineRas.map((value, index) => (index === 3 ? value + mm : value));
      return writePhantomSeg(path, { ...label, affineRas }, reference);
    };
    await movedBy(1.2);
    const refusal = await refusalOf(folder);
    expect(refusal.code).toBe('imaging/label-grid-mismatch');
    expect(refusal.reason).toContain('drawn beyond its image');
    await movedBy(0.7); // less than half a voxel of 1.5 mm: sampled, and said so
    const { cases, refused } = await open(folder);
    expect(refused).toMatchObject([{ code: 'imaging/label-resampled' }]);
    expect((await loadCase(cases[0]!, CLASSES)).label!.data).toEqual(label.data);
  });

  it('a segmentation without one of the job’s classes, unless the site says that it is empty', async () => {
    const folder = await temporaryFolder();
    const { label, reference } = await writePhantomCase(folder);
    await writePhantomSeg(join(folder, 'seg.dcm'), label, reference, ['organ']);
    expect((await refusalOf(folder)).code).toBe('imaging/label-classes');
    expect((await open(folder, { missingLabels: 'empty' })).cases).toHaveLength(1);
  });

  it('a segmentation drawn in another frame of reference than its series', async () => {
    const folder = await temporaryFolder();
    const { label, reference } = await writePhantomCase(folder);
    const elsewhere = { ...reference, frameOfReferenceUid: '2.25.7' };
    await writePhantomSeg(join(folder, 'seg.dcm'), label, elsewhere);
    expect((await refusalOf(folder)).code).toBe('imaging/label-other-frame-of-reference');
  });

  it('a prediction of ours: it is no label, neither alone nor beside one, unless the site says so', async () => {
    const folder = await temporaryFolder();
    const { label, reference } = await writePhantomCase(folder);
    const segments = CLASSES.slice(1).map((name, at) => ({ value: at + 1, label: name }));
    const nothing = { ...label, data: label.data.map(() => 0) };
    const options = { identity: 'round-3', createdAt: new Date(0) };
    await writeDicomSeg(join(folder, 'prediction.dcm'), nothing, segments, reference, options);
    const { cases, refused } = await open(folder);
    expect(refused).toMatchObject([{ code: 'imaging/own-prediction' }]);
    expect((await loadCase(cases[0]!, CLASSES)).label!.data).toEqual(label.data);
    await unlink(join(folder, 'seg.dcm'));
    const alone = await open(folder);
    expect(alone.cases).toEqual([]);
    expect(alone.refused.map(({ code }) => code).sort()).toEqual([
      'imaging/label-missing',
      'imaging/own-prediction',
    ]);
    const wanted = await open(folder, { predictions: 'use' });
    expect((await loadCase(wanted.cases[0]!, CLASSES)).label!.data).toEqual(nothing.data);
  });

  it('two segments for one class', async () => {
    const folder = await temporaryFolder();
    const { label, reference } = await writePhantomCase(folder);
    await writePhantomSeg(join(folder, 'seg2.dcm'), label, reference, ['organ']);
    expect((await refusalOf(folder)).code).toBe('imaging/ambiguous-label');
  });

  it('voxels of two classes, unless the site lets the class order decide', async () => {
    const folder = await temporaryFolder();
    const { label, reference } = await writePhantomCase(folder);
    await writePhantomSeg(join(folder, 'seg.dcm'), label, reference, ['organ']);
    const everything = { ...label, data: label.data.map(() => 1) };
    await writePhantomSeg(join(folder, 'seg2.dcm'), everything, reference, ['lesion']);
    const { cases } = await open(folder);
    await expect(loadCase(cases[0]!, CLASSES)).rejects.toMatchObject({
      code: 'imaging/overlapping-segments',
    });
    const resolved = await open(folder, { overlaps: 'later-class-wins' });
    const { label: joined } = await loadCase(resolved.cases[0]!, CLASSES);
    expect(joined!.data.every((value) => value === 2)).toBe(true);
  });

  it('a truncated slice costs its series, seen in the header scan; the other case stays', async () => {
    const folder = await temporaryFolder();
    await writePhantomCase(join(folder, 'good'), 'good');
    await writePhantomCase(join(folder, 'bad'), 'bad');
    const slice = join(folder, 'bad', 'mr', 'IM00008.dcm');
    await writeFile(slice, (await readFile(slice)).subarray(0, -10));
    const { cases, refused } = await open(folder);
    expect(cases).toHaveLength(1);
    expect(refused.map(({ code }) => code)).toEqual(['imaging/corrupt-file']);
  });

  it('a file that claims to be DICOM and is not costs one line', async () => {
    const folder = await temporaryFolder();
    await writePhantomCase(folder);
    await writeFile(join(folder, 'junk.dcm'), 'not dicom');
    const { cases, refused } = await open(folder);
    expect(cases).toHaveLength(1);
    expect(refused).toMatchObject([{ code: 'imaging/not-dicom' }]);
  });

  it('a byte-for-byte copy of a slice is ignored and said; a differing one costs the series', async () => {
    const folder = await temporaryFolder();
    await writePhantomCase(folder);
    const [original, copy] = [join(folder, 'mr', 'IM00002.dcm'), join(folder, 'mr', 'copy.dcm')];
    await copyFile(original, copy);
    const { cases, refused } = await open(folder);
    expect(cases).toHaveLength(1);
    expect(refused).toMatchObject([{ code: 'imaging/duplicate-instance' }]);
    const bytes = await readFile(copy);
    bytes[bytes.length - 1]! ^= 1;
    await writeFile(copy, bytes);
    expect((await refusalOf(folder)).code).toBe('imaging/conflicting-copies');
  });

  it('a copy of a segmentation is ignored and said; of differing ones of one identity none counts', async () => {
    const folder = await temporaryFolder();
    await writePhantomCase(folder);
    const [original, copy] = [join(folder, 'seg.dcm'), join(folder, 'seg2.dcm')];
    await copyFile(original, copy);
    const { cases, refused } = await open(folder);
    expect(cases).toHaveLength(1);
    expect(refused).toMatchObject([{ what: original, code: 'imaging/duplicate-instance' }]);
    const bytes = await readFile(copy);
    bytes[bytes.length - 1]! ^= 1;
    await writeFile(copy, bytes);
    const changed = await open(folder);
    expect(changed.cases).toEqual([]);
    expect(changed.refused.map(({ code }) => code).sort()).toEqual([
      'imaging/conflicting-copies',
      'imaging/label-missing',
    ]);
  });

  it('a series stored in a syntax we do not decode, naming it', async () => {
    const folder = await temporaryFolder();
    await writePhantomCase(folder);
    const slice = join(folder, 'mr', 'IM00003.dcm');
    const bytes = await readFile(slice);
    const uid = Buffer.from('1.2.840.10008.1.2.1\0');
    bytes.set(Buffer.from('1.2.840.10008.1.2.77'), bytes.indexOf(uid));
    await writeFile(slice, bytes);
    const refusal = await refusalOf(folder);
    expect(refusal.code).toBe('imaging/unsupported-transfer-syntax');
    expect(refusal.reason).toContain('transfer syntax 1.2.840.10008.1.2.77');
  });

  it('a segmentation whose character set is cut off: its name alone is not readable', async () => {
    const folder = await temporaryFolder();
    await writePhantomCase(folder);
    const path = join(folder, 'seg.dcm');
    const bytes = await readFile(path);
    const at = bytes.indexOf(Buffer.from('08006000', 'hex')); // Modality becomes SpecificCharacterSet
    bytes.set(Buffer.from('080005004353ffff', 'hex'), at);
    await writeFile(path, bytes);
    const { cases, refused } = await open(folder);
    expect(cases).toEqual([]);
    expect(refused.map(({ code }) => code)).toContain('imaging/label-missing');
  });

  it('a parametric map, whose floating-point values are no scan', async () => {
    const folder = await temporaryFolder();
    await writePhantomCase(folder);
    const slice = join(folder, 'mr', 'IM00003.dcm');
    const bytes = await readFile(slice);
    const pixelData = Buffer.from('e07f1000', 'hex');
    bytes.set(Buffer.from('e07f08004f46', 'hex'), bytes.lastIndexOf(pixelData)); // FloatPixelData, OF
    await writeFile(slice, bytes);
    expect(await refusalOf(folder)).toMatchObject({
      code: 'imaging/unsupported-pixels',
      reason: expect.stringContaining('parametric map'),
    });
  });

  it('slices of two frames of reference, whose positions cannot be compared', async () => {
    const folder = await temporaryFolder();
    const { reference } = await writePhantomCase(folder);
    const slice = join(folder, 'mr', 'IM00003.dcm');
    const bytes = await readFile(slice);
    const at = bytes.indexOf(reference.frameOfReferenceUid);
    bytes[at + 8] = bytes[at + 8] === 0x31 ? 0x32 : 0x31;
    await writeFile(slice, bytes);
    expect((await refusalOf(folder)).code).toBe('imaging/mixed-frames-of-reference');
  });

  it.each([
    ['patients', 'PatientID', 'PID-other'],
    ['studies', 'StudyInstanceUID', '2.25.98'],
  ])('slices of two %s under one series UID', async (_, attribute, value) => {
    const folder = await temporaryFolder();
    await writeSlices(folder, (slice) => (slice < 4 ? {} : { [attribute]: value }));
    const { cases, refused } = await openDataset({ kind: 'dicom', path: folder }, [], {
      labels: 'optional',
    });
    expect(cases).toEqual([]);
    expect(refused).toMatchObject([{ code: 'imaging/mixed-patients' }]);
    expect(JSON.stringify(refused)).not.toContain(value);
  });

  it('a file that changes between the scan and the read', async () => {
    const folder = await temporaryFolder();
    const { reference } = await writePhantomCase(folder);
    const { cases } = await open(folder);
    const slice = join(folder, 'mr', 'IM00003.dcm');
    const bytes = await readFile(slice);
    bytes.write('9', bytes.lastIndexOf(reference.sopInstanceUids[2]!) + 8, 'latin1');
    await writeFile(slice, bytes);
    await expect(loadCase(cases[0]!, CLASSES)).rejects.toMatchObject({
      code: 'imaging/file-changed',
    });
  });

  it('never names the patient', async () => {
    const folder = await temporaryFolder();
    await writePhantomCase(folder);
    const files = ['mr/IM00001.dcm', 'mr/IM00005.dcm', 'seg.dcm'].map((name) => join(folder, name));
    for (const path of files) {
      const whole = await readFile(path);
      for (let at = 132; at < whole.length; at += 61) {
        await writeFile(path, whole.subarray(0, at));
        const text = JSON.stringify(await open(folder).catch(String));
        for (const secret of Object.values(PATIENT)) expect(text).not.toContain(secret);
      }
      await writeFile(path, whole);
    }
  });
});
