import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { testDataDir } from '@fedvox/base/system';
import { describe, expect, it } from 'vitest';
import { spacingMm } from '../geometry/grid.js';
import { inspectFolder } from '../inspect/inspect-folder.js';
import { openDataset } from './dataset.js';
import { loadCase } from './load-case.js';
import type { DatasetSpec } from './spec.js';

/**
 * Small scans that were read wrongly somewhere, described in the README beside them; where they are absent
 * these tests are skipped, and the tests beside each reader make the like of them.
 */
const folder = join(testDataDir() ?? '', 'faults');
const isHere = testDataDir() !== undefined && existsSync(folder);

type Spec = Omit<Extract<DatasetSpec, { kind: 'dicom' }>, 'kind' | 'path'>;

const CLASSES = ['background', 'organ'];

/** Codes of what is refused or said, and voxels of each foreground class of the one case there is. */
async function read(name: string, spec: Spec = {}, classes = CLASSES) {
  const given = { kind: 'dicom', path: join(folder, name), ...spec } as const;
  const { cases, refused } = await openDataset(given, classes, {
    labels: classes.length > 1 ? 'required' : 'optional',
  });
  const [ref] = cases;
  const codes = refused.map(({ code }) => code.replace('imaging/', '')).sort();
  const load = () => loadCase(ref!, classes);
  return { codes, count: cases.length, ref, load };
}

async function voxels(name: string, spec: Spec = {}, classes = CLASSES): Promise<number[][]> {
  const { label } = await (await read(name, spec, classes)).load();
  const perSlice = label!.shape[0] * label!.shape[1];
  return classes.slice(1).map((_, at) =>
    Array.from({ length: label!.shape[2] }, (_, slice) => {
      const slicePixels = label!.data.subarray(slice * perSlice, (slice + 1) * perSlice);
      return slicePixels.filter((value) => value === at + 1).length;
    }),
  );
}

async function msd(name: string) {
  const spec = { kind: 'msd', path: join(folder, name) } as const;
  const { cases, refused } = await openDataset(spec, CLASSES);
  return { count: cases.length, refused };
}

describe.skipIf(!isHere)('cases that were taken for others', () => {
  it('t-bids-same-basename, t-bids-unique: four cases of four subjects each', async () => {
    const sets = ['t-bids-same-basename', 't-bids-unique'].map(async (name) => {
      const spec = { kind: 'msd', path: join(folder, name) } as const;
      const { cases, refused } = await openDataset(spec, CLASSES);
      expect([refused, new Set(cases.map(({ caseId }) => caseId)).size]).toEqual([[], 4]);
      return Promise.all(
        cases.map(async (ref) => [ref.patientKey, (await loadCase(ref, CLASSES)).image.data]),
      );
    });
    const [same, unique] = await Promise.all(sets);
    expect(same).toEqual(unique);
  });

  it('d42-two-patients: refused by name', async () => {
    expect((await read('d42-two-patients', {}, [])).codes).toEqual(['mixed-patients']);
  });

  it('t-one-patient-many-series: of one patient', async () => {
    const spec = { kind: 'dicom', path: join(folder, 't-one-patient-many-series') } as const;
    const { cases } = await openDataset(spec, CLASSES);
    expect([cases.length, new Set(cases.map(({ patientKey }) => patientKey)).size]).toEqual([3, 1]);
  });
});

describe.skipIf(!isHere)('labels that were drawn wrongly', () => {
  it.each([
    ['r02-finer-contours', {}, 36],
    ['r13-contour-twice', {}, 36],
    ['r10-no-series-ref', {}, 36],
    ['s13-no-refs', {}, 36],
  ] as const)('%s: each drawn slice has the whole organ', async (name, spec, pixels) => {
    const [organ] = await voxels(name, spec);
    expect([...new Set(organ)].filter((count) => count > 0)).toEqual([pixels]);
  });

  it('r02-finer-contours: no slice between the first and the last is without', async () => {
    const [organ] = await voxels('r02-finer-contours');
    const drawn = organ!.flatMap((count, slice) => (count > 0 ? [slice] : []));
    expect(drawn).toEqual(Array.from(drawn, (_, at) => drawn[0]! + at));
  });

  it('r18-sparse: refused by name, kept or filled as the site says', async () => {
    expect((await read('r18-sparse')).codes).toEqual(['contours-skip-slices']);
    expect(await voxels('r18-sparse', { contourGaps: 'keep' })).toEqual([[0, 36, 0, 36, 0, 36]]);
    expect(await voxels('r18-sparse', { contourGaps: 'fill' })).toEqual([[0, 36, 36, 36, 36, 36]]);
  });

  it('s14-resampled: sampled onto its image without dots, and said', async () => {
    expect((await read('s14-resampled')).codes).toEqual(['label-resampled']);
    const [organ] = await voxels('s14-resampled');
    expect(organ).toEqual([0, 256, 0, 0, 0, 0]);
  });

  it('r11-roi-other-for: a region counts in its own frame of reference alone', async () => {
    const classes = ['background', 'organ', 'tumour'];
    const path = join(folder, 'r11-roi-other-for');
    const strict = await openDataset({ kind: 'dicom', path }, classes);
    expect(strict.cases).toEqual([]);
    expect(strict.refused.map(({ code }) => code)).toEqual(Array(2).fill('imaging/label-classes'));
    const { scans } = await inspectFolder(path);
    const labels = scans.map(({ modality, labels }) => [modality, labels.map(({ name }) => name)]);
    expect(labels.sort()).toEqual([
      ['CT', ['organ']],
      ['MR', ['tumour']],
    ]);
  });

  it('r12-roi-without-contours: a region that was never drawn is no label', async () => {
    expect((await read('r12-roi-without-contours')).codes).toEqual(['label-classes']);
    const { scans } = await inspectFolder(join(folder, 'r12-roi-without-contours'));
    expect(scans[0]!.labels).toEqual([]);
  });

  it('k11-zero-is-organ: the value 0 is no label', async () => {
    expect((await msd('k11-zero-is-organ')).refused[0]!.code).toBe('imaging/label-classes');
  });

  it('s10-labelmap-undeclared, s11-frame-undeclared-segment: refused by name', async () => {
    const { load } = await read('s10-labelmap-undeclared');
    await expect(load()).rejects.toMatchObject({ code: 'imaging/label-undeclared' });
    expect((await read('s11-frame-undeclared-segment')).codes).toEqual(['label-undeclared']);
  });

  it('s02-seg-byte-aligned: read by its length, and said', async () => {
    expect((await read('s02-seg-byte-aligned')).codes).toEqual(['label-byte-aligned']);
    const [organ] = await voxels('s02-seg-byte-aligned');
    expect(organ!.filter((count) => count > 0)).toEqual([36, 36, 36, 36]);
  });

  it('with-isocentre-point: a point hides no other label', async () => {
    const { scans } = await inspectFolder(join(folder, 'with-isocentre-point'));
    expect(scans[0]!.labels).toMatchObject([{ name: 'gtv_mass_mr_t1', voxels: 8862 }]);
  });
});

describe.skipIf(!isHere)('values that were read wrongly', () => {
  it('d01-rescale-missing: refused by name', async () => {
    expect((await read('d01-rescale-missing', {}, [])).codes).toEqual(['missing-rescale']);
  });

  it('d03-mono1-ct, d03b-mono2-ct: the same Hounsfield units', async () => {
    const [one, two] = [await read('d03-mono1-ct', {}, []), await read('d03b-mono2-ct', {}, [])];
    expect([one.codes, two.codes]).toEqual([[], []]);
    const [a, b] = [await one.load(), await two.load()];
    const extremes = [a, b].map(({ image }) => [Math.min(...image.data), Math.max(...image.data)]);
    expect(extremes[1]).toEqual([-1024, -359]);
    // The one stores the mirror of the other's pixels or the same: neither is mirrored again.
    expect(extremes[0]).toEqual(extremes[1]);
  });

  it('m05-detached, m06-byte-skip: read from the right byte', async () => {
    for (const name of ['m05-detached', 'm06-byte-skip']) {
      const { scans } = await inspectFolder(join(folder, name));
      expect(scans).toMatchObject([{ usable: true, intensity: { min: 0, max: 998 } }]);
    }
  });
});

describe.skipIf(!isHere)('geometry that was read wrongly', () => {
  it('n23-sheared: refused by name, and rectangular where it is resampled', async () => {
    const path = join(folder, 'n23-sheared');
    const refused = await inspectFolder(path);
    expect([refused.scans, refused.refused]).toMatchObject([[], [{ code: 'imaging/sheared' }]]);
    const { scans } = await inspectFolder(path, { gantryTilt: 'resample' });
    expect(scans).toMatchObject([{ usable: true, spacingMm: [2, 2, expect.closeTo(3, 6)] }]);
  });

  it('n02-acdc-scales: read by its sform, with what its qform says beside it', async () => {
    const { scans } = await inspectFolder(join(folder, 'n02-acdc-scales'));
    const reason = 'its sform has voxels of 1 × 1 × 1, its qform of 1.3 × 1.3 × 10';
    expect(scans[0]!.warnings).toMatchObject([{ reason: expect.stringContaining(reason) }]);
  });

  it.each([
    ['k05-half-voxel', 'it is shifted by -0.5, -0.5, 0.5 voxels'],
    ['k07-cbct-label-shifted-one-voxel', 'it is shifted by 1, 0, 0 voxels'],
    ['k08-label-ras-flip', 'its axes run RPS, those of the image LPS'],
  ])('%s: the label is refused with the true reason', async (name, reason) => {
    const { count, refused } = await msd(name);
    expect([count, refused[0]!.code]).toEqual([0, 'imaging/label-grid-mismatch']);
    expect(refused[0]!.reason).toContain(reason);
  });

  it('d41-micro-ct: slices of 8 µm are apart', async () => {
    const { codes, ref } = await read('d41-micro-ct', {}, []);
    expect(codes).toEqual([]);
    expect(spacingMm(ref!.grid)[2]).toBeCloseTo(0.008, 9);
  });

  it('ge-pet-bed-join: read whole', async () => {
    const { codes, ref } = await read('ge-pet-bed-join', {}, []);
    expect([codes, ref!.grid.shape[2]]).toEqual([[], 267]);
    expect(spacingMm(ref!.grid)[2]).toBeCloseTo(3.27, 3);
  });

  it('one-slice-other-spacing: the reason names it', async () => {
    const { scans } = await inspectFolder(join(folder, 'one-slice-other-spacing'));
    expect(scans[0]!.refusal).toMatchObject({
      code: 'imaging/odd-slice',
      reason: expect.stringContaining('a pixel spacing of 1.2 × 1.2 mm, where the others'),
    });
  });

  it.each([
    ['d13-interleaved-acquisitions', 'several-volumes', { AcquisitionNumber: 1 }, 6],
    ['d16-4d-incomplete', 'duplicate-positions', { TemporalPositionIdentifier: 1 }, 6],
    ['d22-echo-by-type', 'several-volumes', { EchoTime: 7.38, ImageType: 'M' }, 4],
  ] as const)(
    '%s: refused by name, and read where one is chosen',
    async (name, code, volume, slices) => {
      expect((await read(name, {}, [])).codes).toEqual([code]);
      const { codes, ref } = await read(name, { volume }, []);
      expect([codes, ref!.grid.shape[2]]).toEqual([[], slices]);
    },
  );

  it('d17-cine-one-slice, d18-mosaic: refused, also when one time is chosen', async () => {
    for (const [name, code, chosen] of [
      ['d17-cine-one-slice', 'several-volumes', 'single-slice'],
      ['d18-mosaic', 'mosaic', 'mosaic'],
    ] as const) {
      expect((await read(name, {}, [])).codes).toEqual([code]);
      const volume = name === 'd17-cine-one-slice' ? { TriggerTime: 40 } : { AcquisitionNumber: 1 };
      expect((await read(name, { volume }, [])).codes).toEqual([chosen]);
    }
  });
});

describe.skipIf(!isHere)('valid files that were refused, and others that were not named', () => {
  it.each([
    ['w22-deflated', 6],
    ['e01-enhanced-un-groups', 4],
    ['d30-no-transfer-syntax', 6],
    ['d31-explicit-but-implicit', 6],
  ])('%s: read', async (name, slices) => {
    const { codes, ref, load } = await read(name, {}, []);
    expect([codes, ref!.grid.shape[2]]).toEqual([[], slices]);
    expect((await load()).image.data.length).toBe(16 * 16 * slices);
  });

  it('w17-rtdose-sr-pdf: each is named for what it is', async () => {
    const { codes, count } = await read('w17-rtdose-sr-pdf', {}, []);
    expect([count, codes]).toEqual([
      1,
      ['not-an-image', 'not-an-image', 'not-an-image', 'projection'],
    ]);
  });
});
