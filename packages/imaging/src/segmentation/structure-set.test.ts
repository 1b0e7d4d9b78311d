import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { DicomSource } from '../datasets/case-ref.js';
import { openDataset } from '../datasets/dataset.js';
import { loadCase } from '../datasets/load-case.js';
import type { DatasetSpec } from '../datasets/spec.js';
import {
  FRAME_OF_REFERENCE,
  rectangle,
  referencedSeries,
  SERIES,
  SIZE,
  SLICE_MM,
  sopOf,
  type WrittenRegion,
  writeSeg,
  writeSlices,
  writeStructureSet,
} from '../testing/dicom-objects.js';
import { temporaryFolder } from '../testing/temporary-folder.js';

type Spec = Omit<Extract<DatasetSpec, { kind: 'dicom' }>, 'kind' | 'path'>;

const CLASSES = ['background', 'organ', 'tumour'];
const SQUARE = rectangle(3, 4, 8, 9);
const AREA = 36;

async function folderWith(
  regions: readonly WrittenRegion[],
  change: Parameters<typeof writeStructureSet>[2] = {},
): Promise<string> {
  const folder = await temporaryFolder();
  await writeSlices(folder);
  await writeStructureSet(join(folder, 'rs.dcm'), regions, change);
  return folder;
}

/** Voxels of each class on each slice, or the codes of the refusals. */
async function drawn(path: string, spec: Spec = {}, classes = CLASSES) {
  const missingLabels = 'empty' as const;
  const given = { kind: 'dicom', path, missingLabels, ...spec } as const;
  const { cases, refused } = await openDataset(given, classes);
  if (cases.length === 0) return refused.map(({ code }) => code).sort();
  const { label } = await loadCase(cases[0]!, classes);
  const counts = classes.slice(1).map((_, at) =>
    Array.from({ length: label!.shape[2] }, (_, slice) => {
      const pixels = label!.data.subarray(slice * SIZE * SIZE, (slice + 1) * SIZE * SIZE);
      return pixels.filter((value) => value === at + 1).length;
    }),
  );
  return counts.map((perSlice) => perSlice.join(' '));
}

const on = (slices: readonly number[], points = SQUARE) =>
  slices.map((slice) => ({ points, z: slice * SLICE_MM }));
const organ = (contours: WrittenRegion['contours']): WrittenRegion => ({ name: 'organ', contours });

describe('regions of one name', () => {
  const lesions: WrittenRegion[] = [
    { name: 'Lesion', contours: on([1]) },
    { name: 'Lesion', contours: on([3], rectangle(10, 10, 13, 13)) },
  ];
  const labels = { Lesion: 'tumour' };

  it('are one class in one structure set, as segments of one SEG are', async () => {
    expect((await drawn(await folderWith(lesions), { labels }))[1]).toBe('0 36 0 16 0 0');
  });

  it('are one class over several files only where the site joins them, structure sets and SEG alike', async () => {
    const path = await folderWith(lesions);
    const value = (column: number, row: number) => (column + row === 0 ? 1 : 0);
    const frames = [{ segment: 1, position: [0, 0, 4 * SLICE_MM] as const, value }];
    await writeSeg(join(path, 'seg.dcm'), { segments: ['Lesion'], frames });
    expect(await drawn(path, { labels })).toEqual(['imaging/ambiguous-label']);
    const joined = await drawn(path, { labels: { 'Lesion*': 'tumour' } });
    expect(joined[1]).toBe('0 36 0 16 1 0');
  });
});

describe('contours of a region', () => {
  it('on planes finer than the slices: each slice shows the plane nearest to it', async () => {
    const planes = [1, 1.5, 2, 2.5, 3].map((slice) => ({
      points: rectangle(3, 4, slice === 2 ? 6 : 8, 9),
      z: slice * SLICE_MM,
    }));
    expect(await drawn(await folderWith([organ(planes)]))).toEqual([
      '0 36 24 36 0 0',
      '0 0 0 0 0 0',
    ]);
  });

  it.each([0.1, 0.3, 0.45, 0.5, 0.55, -0.2, -0.5])(
    'on planes %f slices beside their slices: each plane is shown once',
    async (off) => {
      const planes = [1, 2, 3, 4].map((slice) => ({ points: SQUARE, z: (slice + off) * SLICE_MM }));
      const [shown] = await drawn(await folderWith([organ(planes)]));
      expect(shown!.split(' ').filter((count) => count === String(AREA))).toHaveLength(4);
    },
  );

  it.each([
    ['as it is', SQUARE],
    ['the other way round', [...SQUARE].reverse()],
    ['from another point on', [...SQUARE.slice(2), ...SQUARE.slice(0, 2)]],
    ['closed by its first point', [...SQUARE, SQUARE[0]!]],
    ['a few hundredths off', SQUARE.map(([x, y]) => [x + 0.03, y - 0.02] as const)],
    [
      'with points between',
      SQUARE.flatMap(([x, y], at) => {
        const [u, v] = SQUARE[(at + 1) % 4]!;
        return [[x, y] as const, [(x + u) / 2, (y + v) / 2] as const];
      }),
    ],
  ])('stored twice, the second time %s: once is what it means', async (_, again) => {
    const path = await folderWith([organ([...on([2]), ...on([2], [...again]), ...on([3])])]);
    expect((await drawn(path))[0]).toBe('0 0 36 36 0 0');
  });

  it('that cross are parts of one area; one inside another is a hole, whatever else is on its plane', async () => {
    const cases = [
      [[rectangle(2, 2, 7, 7), rectangle(5, 5, 10, 10)], 36 + 36 - 9],
      [[rectangle(2, 2, 9, 9), rectangle(4, 4, 6, 6)], 64 - 9],
      [[rectangle(2, 2, 9, 9), rectangle(2, 2, 4, 4)], 64 - 9],
      [[rectangle(1, 1, 4, 4), rectangle(8, 8, 10, 10)], 16 + 9],
      [[rectangle(1, 1, 10, 10), rectangle(3, 3, 8, 8), rectangle(5, 5, 6, 6)], 100 - 36 + 4],
    ] as const;
    for (const [outlines, pixels] of cases) {
      const contours = outlines.map((points) => ({ points, z: 4 }));
      expect((await drawn(await folderWith([organ(contours)])))[0]).toBe(`0 0 ${pixels} 0 0 0`);
    }
  });

  it('some hundredths of a slice off each other are of one plane: no part and no hole is lost', async () => {
    const parts = (slice: number) => [
      { points: rectangle(1, 1, 6, 6), z: (slice + 0.03) * SLICE_MM },
      { points: rectangle(3, 3, 4, 4), z: (slice - 0.04) * SLICE_MM },
      { points: rectangle(9, 9, 11, 11), z: slice * SLICE_MM },
    ];
    const all = [organ([1, 2, 3].flatMap(parts))];
    expect((await drawn(await folderWith(all)))[0]).toBe('0 41 41 41 0 0');
    expect((await drawn(await folderWith([organ(parts(2))])))[0]).toBe('0 0 41 0 0 0');
  });

  it('of planes far finer than the slices show the nearest alone, though they lie within each other', async () => {
    const cone = Array.from({ length: 41 }, (_, at) => ({
      points: rectangle(2, 2, 11 - Math.floor(at / 10), 11),
      z: (0.8 + at / 10) * SLICE_MM,
    }));
    expect((await drawn(await folderWith([organ(cone)])))[0]).toBe('0 100 90 80 70 60');
  });

  it.each([
    ['sagittal', [0, 1, 0, 0, 0, -1], [1, 0, 0]],
    ['coronal', [1, 0, 0, 0, 0, -1], [0, 1, 0]],
    ['axial, from above', [1, 0, 0, 0, -1, 0], [0, 0, -1]],
    ['oblique', [0.6, 0.8, 0, -0.8, 0.6, 0], [0, 0, 1]],
  ] as const)(
    'lie where they are, on slices of any orientation: %s',
    async (_, cosines, normal) => {
      const [rx, ry, rz, cx, cy, cz] = cosines;
      const at = (column: number, row: number, slice: number) => [
        rx * column + cx * row + normal[0] * slice * SLICE_MM,
        ry * column + cy * row + normal[1] * slice * SLICE_MM,
        rz * column + cz * row + normal[2] * slice * SLICE_MM,
      ];
      const folder = await temporaryFolder();
      await writeSlices(folder, (slice) => ({
        ImageOrientationPatient: cosines,
        ImagePositionPatient: at(0, 0, slice),
      }));
      await writeStructureSet(join(folder, 'rs.dcm'), [organ([])], {
        ROIContourSequence: [
          {
            ReferencedROINumber: 1,
            ContourSequence: [1, 2].map((slice) => ({
              ContourGeometricType: 'CLOSED_PLANAR',
              ContourData: SQUARE.flatMap(([column, row]) => at(column, row, slice)),
            })),
          },
        ],
      });
      const [shown] = await drawn(folder);
      expect(['0 36 36 0 0 0', '0 0 0 36 36 0']).toContain(shown);
    },
  );

  it('of the type XOR are exclusive wherever they cross', async () => {
    const type = 'CLOSEDPLANAR_XOR';
    const contours = [rectangle(2, 2, 7, 7), rectangle(5, 5, 10, 10)].map((points) => ({
      points,
      z: 4,
      type,
    }));
    expect((await drawn(await folderWith([organ(contours)])))[0]).toBe('0 0 54 0 0 0');
  });

  it('that run across slices are refused', async () => {
    const folder = await folderWith([organ(on([2]))], {
      ROIContourSequence: [
        {
          ReferencedROINumber: 1,
          ContourSequence: [
            {
              ContourGeometricType: 'CLOSED_PLANAR',
              ContourData: [3, 3, 4, 9, 3, 4, 9, 9, 6],
            },
          ],
        },
      ],
    });
    expect(await drawn(folder)).toEqual(['imaging/label-grid-mismatch']);
  });
});

describe('contours that leave slices out', () => {
  const code = ['imaging/contours-skip-slices'];

  it.each([
    ['every second slice', [0, 2, 4], '36 0 36 0 36 0', '36 36 36 36 36 0'],
    ['two, one slice apart', [1, 3], '0 36 0 36 0 0', '0 36 36 36 0 0'],
    [
      'planes one and a half slices apart',
      [0, 1.5, 3, 4.5],
      '36 0 36 36 0 36',
      '36 36 36 36 36 36',
    ],
    ['every fifth', [0, 5], '36 0 0 0 0 36', '36 36 36 36 36 36'],
  ])('are refused, kept or filled as the site says: %s', async (_, slices, kept, filled) => {
    const path = await folderWith([organ(on(slices))]);
    expect(await drawn(path)).toEqual(code);
    expect((await drawn(path, { contourGaps: 'keep' }))[0]).toBe(kept);
    expect((await drawn(path, { contourGaps: 'fill' }))[0]).toBe(filled);
  });

  it('are filled with shapes between theirs', async () => {
    const contours = [
      { points: rectangle(2, 2, 13, 13), z: 0 },
      { points: rectangle(6, 6, 9, 9), z: 8 },
    ];
    const [shown] = await drawn(await folderWith([organ(contours)]), { contourGaps: 'fill' });
    expect(shown).toBe('144 100 64 36 16 0');
  });

  it('are none where parts lie beside each other, or where one slice was left out by chance', async () => {
    const apart = [...on([0, 1], rectangle(1, 1, 4, 4)), ...on([4, 5], rectangle(9, 9, 12, 12))];
    expect((await drawn(await folderWith([organ(apart)])))[0]).toBe('16 16 0 0 16 16');
    const once = organ(on([0, 1, 2, 4, 5]));
    expect((await drawn(await folderWith([once])))[0]).toBe('36 36 36 0 36 36');
    const regionElsewhere = [organ(on([1, 2])), { name: 'other', contours: on([0, 2, 4]) }];
    expect((await drawn(await folderWith(regionElsewhere)))[0]).toBe('0 36 36 0 0 0');
  });
});

describe('a region', () => {
  const refuse = { missingLabels: 'refuse' } as const;
  const both = (tumour: Partial<WrittenRegion>): WrittenRegion[] => [
    organ(on([2])),
    { name: 'tumour', contours: on([3], rectangle(9, 9, 11, 11)), ...tumour },
  ];

  it.each([
    ['without contours', { contours: [] }],
    ['of points alone', { contours: [{ points: [[3, 3]], z: 4, type: 'POINT' }] }],
    ['of open lines alone', { contours: [{ points: SQUARE, z: 4, type: 'OPEN_PLANAR' }] }],
    ['of a closed line of two points', { contours: [{ points: SQUARE.slice(0, 2), z: 4 }] }],
    ['in another frame of reference', { frameOfReference: '2.25.777' }],
  ] satisfies [string, Partial<WrittenRegion>][])(
    'that is named but not drawn is missing: %s',
    async (_, tumour) => {
      const path = await folderWith(both(tumour));
      const { refused } = await openDataset({ kind: 'dicom', path }, CLASSES);
      const why = 'contours' in tumour ? 'named, but not drawn' : 'in another frame of reference';
      expect(refused[0]!.reason).toContain(`it has organ, tumour (${why})`);
      expect(await drawn(path, refuse)).toEqual(['imaging/label-classes']);
      expect(await drawn(path)).toEqual(['0 0 36 0 0 0', '0 0 0 0 0 0']);
    },
  );

  it('counts where it says no frame of reference of its own', async () => {
    const path = await folderWith(both({ frameOfReference: undefined }));
    expect(await drawn(path, refuse)).toEqual(['0 0 36 0 0 0', '0 0 0 9 0 0']);
  });

  it('is refused for an open line among closed ones; a point among them marks nothing', async () => {
    const line = (type: string) => [...on([2]), { points: SQUARE, z: 4, type }];
    expect(await drawn(await folderWith([organ(line('OPEN_PLANAR'))]))).toEqual([
      'imaging/unsupported-segmentation',
    ]);
    const point = [...on([2]), { points: [[3, 3]] as const, z: 4, type: 'POINT' }];
    expect((await drawn(await folderWith([organ(point)])))[0]).toBe('0 0 36 0 0 0');
  });

  it('that nobody declared, or that is declared twice, is refused by its number', async () => {
    const declared = { StructureSetROISequence: [{ ROINumber: 1, ROIName: 'organ' }] };
    expect(await drawn(await folderWith(both({}), declared))).toEqual(['imaging/label-undeclared']);
    const twice = both({}).map((region) => ({ ...region, number: 4 }));
    expect(await drawn(await folderWith(twice))).toEqual(['imaging/label-declared-twice']);
  });

  it('may have the number 0', async () => {
    const path = await folderWith([{ ...organ(on([2])), number: 0 }]);
    expect((await drawn(path))[0]).toBe('0 0 36 0 0 0');
  });

  it('forms a class with others that a pattern of the site’s joins', async () => {
    const lesions = ['GTV-1', 'GTV-2', 'CTV'].map((name, at) => ({
      name,
      contours: on([at + 1], rectangle(3 * at + 1, 1, 3 * at + 2, 2)),
    }));
    const path = await folderWith(lesions);
    expect((await drawn(path, { labels: { 'GTV*': 'tumour' } }))[1]).toBe('0 4 4 0 0 0');
  });
});

describe('a structure set belongs', () => {
  const drawnOn = (sop: string) => [organ(on([2]).map((contour) => ({ ...contour, sop })))];
  const noSeries = {
    ReferencedFrameOfReferenceSequence: [{ FrameOfReferenceUID: FRAME_OF_REFERENCE }],
  };
  const OTHER = '2.25.500';

  async function withOther(path: string, frameOfReference: string): Promise<string> {
    await writeSlices(path, (slice) => ({
      SeriesInstanceUID: OTHER,
      SOPInstanceUID: sopOf(slice, OTHER),
      FrameOfReferenceUID: frameOfReference,
    }));
    return path;
  }

  it('to the series whose images its contours name, among others of its frame of reference', async () => {
    const path = await withOther(await folderWith(drawnOn(sopOf(2)), noSeries), FRAME_OF_REFERENCE);
    const { cases, refused } = await openDataset({ kind: 'dicom', path }, ['background', 'organ']);
    expect(refused.map(({ code }) => code)).toEqual(['imaging/label-missing']);
    expect((cases[0]!.source as DicomSource).stack.frames[0]!.seriesUid).toBe(SERIES);
  });

  it('to the one series of its frame of reference where it names none', async () => {
    const path = await folderWith([organ(on([2]))], noSeries);
    expect((await drawn(path))[0]).toBe('0 0 36 0 0 0');
    await withOther(path, '2.25.778');
    expect((await drawn(path))[0]).toBe('0 0 36 0 0 0');
    await withOther(path, FRAME_OF_REFERENCE);
    expect(await drawn(path)).toContain('imaging/label-no-reference');
  });

  it('to the images that it names, though the series has been given another name', async () => {
    const elsewhere = { ReferencedFrameOfReferenceSequence: [referencedSeries('2.25.9999')] };
    expect((await drawn(await folderWith(drawnOn(sopOf(2)), elsewhere)))[0]).toBe('0 0 36 0 0 0');
  });

  it('to another series where that is what it names', async () => {
    const elsewhere = { ReferencedFrameOfReferenceSequence: [referencedSeries('2.25.9999')] };
    expect(await drawn(await folderWith(drawnOn('2.25.9999.1'), elsewhere))).toEqual([
      'imaging/label-missing',
      'imaging/label-other-series',
    ]);
  });
});
