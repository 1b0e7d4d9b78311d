import { describe, expect, it } from 'vitest';
import type { DataSet } from '../dicom-writer/encode.js';
import {
  SIZE,
  sliceDataSet,
  slicePixels,
  words,
  writeObject,
  writeSlices,
} from '../testing/dicom-objects.js';
import { temporaryFolder } from '../testing/temporary-folder.js';
import { contentKey } from './content-key.js';
import { openDataset } from './dataset.js';
import { loadCase } from './load-case.js';
import type { DatasetSpec } from './spec.js';

type Spec = Omit<Extract<DatasetSpec, { kind: 'dicom' }>, 'kind' | 'path'>;

async function read(change: (slice: number) => DataSet, spec: Spec = {}) {
  const path = await temporaryFolder();
  await writeSlices(path, change);
  const given = { kind: 'dicom', path, ...spec } as const;
  const { cases, refused } = await openDataset(given, [], { labels: 'optional' });
  const codes = refused.map(({ code }) => code.replace('imaging/', ''));
  const [ref] = cases;
  const data = ref === undefined ? undefined : (await loadCase(ref, [])).image.data;
  return { codes, refused, data, ref };
}

/** As stored, slice after slice. */
const STORED = [0, 1, 2, 3, 4, 5].flatMap((slice) => slicePixels(slice));
const hounsfield = Float32Array.from(STORED, (value) => value - 1024);
const plain = { RescaleSlope: undefined, RescaleIntercept: undefined };

describe('a rescale that is missing', () => {
  it.each([
    ['CT, on some slices', 'CT', (slice: number) => (slice % 2 === 0 ? plain : {}), {}],
    [
      'CT, on one slice',
      'CT',
      (slice: number) => (slice === 4 ? plain : {}),
      { missingRescale: 'stored-values' },
    ],
    ['CT, on all', 'CT', () => plain, {}],
    ['CT, its intercept alone', 'CT', () => ({ RescaleIntercept: undefined }), {}],
    ['PET, on all', 'PT', () => plain, {}],
    ['MR, on some slices', 'MR', (slice: number) => (slice > 3 ? plain : {}), {}],
  ] satisfies [string, string, (slice: number) => DataSet, Spec][])(
    'is refused, saying on how many slices: %s',
    async (_, Modality, change, spec) => {
      const { codes, refused } = await read((slice) => ({ Modality, ...change(slice) }), spec);
      expect(codes).toEqual(['missing-rescale']);
      expect(refused[0]!.reason).toMatch(/on [1-6] of its 6 slices/);
    },
  );

  it('is none of MR, whose values have no unit, nor of CT where the site says that it has its own', async () => {
    const mr = await read(() => ({ ...plain, Modality: 'MR' }));
    expect([mr.codes, mr.data]).toEqual([[], Float32Array.from(STORED)]);
    const ct = await read(() => plain, { missingRescale: 'stored-values' });
    expect([ct.codes, ct.data]).toEqual([[], Float32Array.from(STORED)]);
  });

  it('of an enhanced image is that of its frames', async () => {
    const enhanced = async (ofFrame: (frame: number) => DataSet) => {
      const path = await temporaryFolder();
      const { PixelData: _, ...head } = sliceDataSet(0);
      await writeObject(`${path}/e.dcm`, {
        ...head,
        ...plain,
        NumberOfFrames: 3,
        PixelData: words([0, 1, 2].flatMap((slice) => slicePixels(slice))),
        PerFrameFunctionalGroupsSequence: [0, 1, 2].map((frame) => ({
          PlanePositionSequence: [{ ImagePositionPatient: [0, 0, 2 * frame] }],
          ...ofFrame(frame),
        })),
      });
      const given = { kind: 'dicom', path } as const;
      return openDataset(given, [], { labels: 'optional' });
    };
    const transformation = {
      PixelValueTransformationSequence: [{ RescaleSlope: 1, RescaleIntercept: -1024 }],
    };
    expect((await enhanced(() => transformation)).cases).toHaveLength(1);
    for (const ofFrame of [() => ({}), (frame: number) => (frame === 1 ? {} : transformation)]) {
      expect(await enhanced(ofFrame)).toMatchObject({
        cases: [],
        refused: [{ code: 'imaging/missing-rescale' }],
      });
    }
  });
});

describe('a rescale to values that no scanner measures', () => {
  it.each([
    { RescaleSlope: 1e34, RescaleIntercept: 0 },
    { RescaleSlope: 1, RescaleIntercept: -3e38 },
  ])('is refused, slice by slice: %j', async (rescale) => {
    const { codes, refused } = await read((slice) => (slice === 5 ? rescale : {}));
    expect(codes).toContain('bad-attribute');
    expect(refused[0]!.reason).toContain('may be larger than any scanner measures');
  });

  it('is none where a positron scanner counts a thousand million', async () => {
    const { codes, data } = await read(() => ({ RescaleSlope: 1e6, RescaleIntercept: 0 }));
    expect([codes, data]).toEqual([[], Float32Array.from(STORED, (value) => value * 1e6)]);
  });
});

describe('MONOCHROME1', () => {
  const PhotometricInterpretation = 'MONOCHROME1';

  it.each([0, 1])(
    'gives the same Hounsfield units as its twin, with pixels of sign %i',
    async (sign) => {
      const pixels = { PixelRepresentation: sign };
      const twin = await read(() => pixels);
      const inverted = await read(() => ({ ...pixels, PhotometricInterpretation }));
      expect(inverted).toMatchObject({ codes: [], data: twin.data });
      expect(twin.data).toEqual(hounsfield);
    },
  );

  it('is said where values have no unit, which are read as stored', async () => {
    const { codes, data } = await read(() => ({
      ...plain,
      Modality: 'MR',
      PhotometricInterpretation,
    }));
    expect([codes, data]).toEqual([['shown-inverted'], Float32Array.from(STORED)]);
  });
});

describe('padding in a CT', () => {
  /** The corner of each slice is padding, of this stored value; what is not is 100 more than its column. */
  const padded = (stored: number, over: DataSet = {}, sign = 1) => ({
    PixelRepresentation: sign,
    PixelPaddingValue: stored & 0xffff,
    PixelData: words(
      Array.from({ length: SIZE * SIZE }, (_, at) => (at === 0 ? stored : 100 + (at % SIZE))),
    ),
    ...over,
  });
  const first = async (change: DataSet, spec: Spec = {}) => {
    const { codes, data, refused } = await read(() => change, spec);
    return { codes, corner: data![0], next: data![1], reason: refused[0]?.reason };
  };

  it('is air where it is what no CT measures, and said to be', async () => {
    const read = await first(padded(-2000));
    expect(read).toMatchObject({ codes: ['padding-as-air'], corner: -1024, next: 101 - 1024 });
    expect(read.reason).toContain('padded with -3024 HU');
    expect((await first(padded(-2000), { padding: 'keep' })).corner).toBe(-3024);
  });

  it.each([
    ['unsigned, of a signed number', padded(63_536, { RescaleIntercept: 0 }, 0), -1024],
    ['of another slope', padded(-2000, { RescaleSlope: 0.5, RescaleIntercept: -1000 }), -1024],
    [
      'a range up to its limit',
      padded(-1990, { PixelPaddingValue: 63_536, PixelPaddingRangeLimit: 63_560 }),
      -1024,
    ],
    [
      'a range down to its limit',
      padded(-1990, { PixelPaddingValue: 63_560, PixelPaddingRangeLimit: 63_536 }),
      -1024,
    ],
  ])('is air: %s', async (_, change, corner) => {
    expect(await first(change)).toMatchObject({ codes: ['padding-as-air'], corner });
  });

  it.each([
    ['a value that may be measured', padded(0, {}, 0), -1024],
    ['of MR', padded(-2000, { Modality: 'MR' }), -3024],
    ['beyond the range that is declared', padded(-2000, { PixelPaddingValue: 63_000 }), -3024],
  ])('is left: %s', async (_, change, corner) => {
    expect((await first(change)).corner).toBe(corner);
  });

  it('of another rescale on every slice is air by each of them', async () => {
    const { data } = await read((slice) => padded(-2000, { RescaleSlope: 1 + slice / 10 }));
    const corners = [0, 1, 2, 3, 4, 5].map((slice) => data![slice * SIZE * SIZE]!);
    for (const value of corners) expect(Math.abs(value + 1024)).toBeLessThan(1.6);
  });

  it('kept as stored is other content for the cache', async () => {
    const [air, kept] = [
      await read(() => padded(-2000)),
      await read(() => padded(-2000), { padding: 'keep' }),
    ];
    expect(await contentKey(air.ref!)).not.toBe(await contentKey(kept.ref!));
  });
});

describe('a file with pixels that is no slice', () => {
  const unplaced: DataSet = {
    PixelSpacing: undefined,
    ImagePositionPatient: undefined,
    ImageOrientationPatient: undefined,
  };
  const MOSAIC = ['ORIGINAL', 'PRIMARY', 'M', 'ND', 'MOSAIC'];

  it.each([
    [
      'a planar X-ray',
      { ...unplaced, Modality: 'DX', ImagerPixelSpacing: [0.1, 0.1] },
      'projection',
    ],
    ['a scout without a position', { ...unplaced, ImagerPixelSpacing: [0.1, 0.1] }, 'projection'],
    ['a dose', { Modality: 'RTDOSE', NumberOfFrames: 6 }, 'not-an-image'],
    ['a mosaic', { Modality: 'MR', ImageType: MOSAIC }, 'mosaic'],
  ] satisfies [string, DataSet, string][])(
    'is refused for what it is: %s',
    async (_, over, code) => {
      expect((await read(() => over)).codes).toEqual([code]);
    },
  );
});
