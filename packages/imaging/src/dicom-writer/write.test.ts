import { readFile, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { openDataset } from '../datasets/dataset.js';
import { findOnlyScan } from '../datasets/find-scans.js';
import { loadCase } from '../datasets/load-case.js';
import { readVolume } from '../datasets/read-volume.js';
import { parseDicom } from '../dicom/part10.js';
import type { Volume } from '../geometry/grid.js';
import { valuesOf } from '../geometry/stored-volume.js';
import { CLASSES, PATIENT, phantomVolumes, writePhantomCase } from '../testing/phantom-case.js';
import { temporaryFolder } from '../testing/temporary-folder.js';
import { decimalString, uidFrom } from './encode.js';
import { seriesReference } from './reference.js';
import { writeDicomSeg } from './seg.js';
import { writeDicomSeries } from './series.js';

const OPTIONS = {
  ...PATIENT,
  identity: 'written',
  modality: 'MR',
  createdAt: new Date(0),
} as const;

describe('numbers and names as DICOM allows them', () => {
  it('writes any number in 16 characters, as near to it as they let', () => {
    fc.assert(
      fc.property(fc.double({ noNaN: true, min: -1e300, max: 1e300 }), (value) => {
        const text = decimalString(value);
        expect(text.length).toBeLessThanOrEqual(16);
        expect(Math.abs(Number(text) - value)).toBeLessThanOrEqual(1e-8 * Math.abs(value));
      }),
    );
    expect(['0', '-1.25', '1234567.5']).toEqual([0, -1.25, 1234567.5].map(decimalString));
  });

  it('derives UIDs of at most 64 characters, the same for the same label', () => {
    expect(uidFrom('a')).toBe(uidFrom('a'));
    expect(uidFrom('a')).not.toBe(uidFrom('b'));
    expect(uidFrom('a')).toMatch(/^2\.25\.[1-9]\d{0,38}$/);
  });
});

describe('a written series', () => {
  it('comes back within half a stored step, for any storage and orientation', async () => {
    const oblique = [0, 0, 2, 5, -0.9, 0.3, 0, 6, -0.3, -0.9, 0, 7, 0, 0, 0, 1];
    const { image } = phantomVolumes('storage');
    const volume: Volume = {
      ...image,
      affineRas: oblique,
      data: image.data.map((value) => value * 0.37 - 300),
    };
    for (const storedBits of [8, 12, 16]) {
      for (const signed of [false, true]) {
        const folder = await temporaryFolder();
        await writeDicomSeries(folder, volume, { ...OPTIONS, storedBits, signed });
        const read = valuesOf(await readVolume(folder));
        const step = (4095 * 0.37) / (2 ** storedBits - 1);
        read.data.forEach((value, at) => {
          expect(Math.abs(value - volume.data[at]!)).toBeLessThanOrEqual(0.51 * step);
        });
        read.affineRas.forEach((value, at) => {
          expect(value).toBeCloseTo(oblique[at]!, 9);
        });
      }
    }
  });

  it('is the same bytes for the same identity', async () => {
    const [a, b] = [await temporaryFolder(), await temporaryFolder()];
    for (const folder of [a, b]) await writeDicomSeries(folder, phantomVolumes('x').image, OPTIONS);
    const read = (folder: string) => readFile(join(folder, 'IM00001.dcm'));
    expect(await read(a)).toEqual(await read(b));
  });

  it.each([
    ['sheared', { affineRas: [1, 0, 0.3, 0, 0, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1] }, {}],
    ['too wide for the stored bits', {}, { storedBits: 8, slope: 1, intercept: 0 }],
  ])('is refused when it is %s', async (_, change, options) => {
    const volume = { ...phantomVolumes('bad').image, ...change };
    const folder = await temporaryFolder();
    await expect(
      writeDicomSeries(folder, volume, { ...OPTIONS, ...options }),
    ).rejects.toMatchObject({
      code: 'imaging/unwritable-volume',
    });
  });
});

describe('a prediction written as DICOM SEG', () => {
  it('belongs to its series and patient, and reads back voxel for voxel', async () => {
    const folder = await temporaryFolder();
    await writePhantomCase(folder);
    await unlink(join(folder, 'seg.dcm'));
    const { ref } = await findOnlyScan(folder);
    const predicted = { ...ref.grid, data: phantomVolumes('prediction').label.data };
    const path = join(folder, 'prediction.dcm');
    const segments = [1, 2].map((value) => ({ value, label: CLASSES[value]! }));
    const options = { identity: 'model-1', createdAt: new Date(0) };
    await writeDicomSeg(path, predicted, segments, await seriesReference(ref), options);
    const spec = { kind: 'dicom', path: folder, predictions: 'use' } as const;
    const { cases, refused } = await openDataset(spec, CLASSES);
    expect(refused).toEqual([]);
    expect((await loadCase(cases[0]!, CLASSES)).label).toEqual(predicted);
    const { attributes } = parseDicom(path, await readFile(path));
    expect(attributes.text('PatientID')).toBe(PATIENT.patientId);
    expect(attributes.text('PatientName')).toBe(PATIENT.patientName);
  });
});
