import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { openDataset } from '../datasets/dataset.js';
import { loadCase } from '../datasets/load-case.js';
import type { DatasetSpec } from '../datasets/spec.js';
import {
  SIZE,
  SLICE_MM,
  sopOf,
  type WrittenFrame,
  type WrittenSeg,
  writeSeg,
  writeSlices,
} from '../testing/dicom-objects.js';
import { temporaryFolder } from '../testing/temporary-folder.js';

type Spec = Omit<Extract<DatasetSpec, { kind: 'dicom' }>, 'kind' | 'path'>;

const CLASSES = ['background', 'organ', 'lesion'];
const SLICES = 6;

async function folderWith(
  seg: WrittenSeg,
  change: Parameters<typeof writeSeg>[2] = {},
): Promise<string> {
  const folder = await temporaryFolder();
  await writeSlices(folder);
  await writeSeg(join(folder, 'seg.dcm'), seg, change);
  return folder;
}

async function opened(path: string, spec: Spec = {}, classes = CLASSES) {
  const { cases, refused } = await openDataset({ kind: 'dicom', path, ...spec }, classes);
  const codes = refused.map(({ code }) => code.replace('imaging/', '')).sort();
  const load = async () => (await loadCase(cases[0]!, classes)).label!.data;
  return { codes, load, count: cases.length };
}

/** A frame of a segment on a slice, of the pixels from (3, 4) to (8, 9). */
function frame(slice: number, segment?: number, over: Partial<WrittenFrame> = {}): WrittenFrame {
  return {
    ...(segment === undefined ? {} : { segment }),
    position: [0, 0, SLICE_MM * slice],
    value: (column, row) => (column >= 3 && column <= 8 && row >= 4 && row <= 9 ? 1 : 0),
    ...over,
  };
}

const lenient = { missingLabels: 'empty' } as const;

describe('what a SEG declares and draws', () => {
  const organ = [frame(1, 1), frame(2, 1)];

  it('leaves a class missing that it names without a frame', async () => {
    const path = await folderWith({ segments: ['organ', 'lesion'], frames: organ });
    expect(await opened(path)).toMatchObject({ codes: ['label-classes'], count: 0 });
    const { load, codes } = await opened(path, lenient);
    expect(codes).toEqual([]);
    expect((await load()).filter((value) => value > 0)).toEqual(new Uint8Array(72).fill(1));
  });

  it.each(['BINARY', 'FRACTIONAL'] as const)(
    'is refused with a frame of a segment that nobody declared: %s',
    async (type) => {
      const path = await folderWith({ type, segments: ['organ'], frames: [...organ, frame(3, 7)] });
      expect(await opened(path, lenient)).toMatchObject({ codes: ['label-undeclared'], count: 0 });
    },
  );

  it('is refused with a LABELMAP value that nobody declared', async () => {
    const value = (column: number) => (column === 3 ? 7 : column === 4 ? 1 : 0);
    const frames = [frame(1, undefined, { value })];
    const path = await folderWith({ type: 'LABELMAP', segments: ['organ'], frames });
    const { load } = await opened(path, lenient);
    await expect(load()).rejects.toMatchObject({
      code: 'imaging/label-undeclared',
      message: expect.stringContaining(': 7'),
    });
  });

  it.each(['BINARY', 'LABELMAP'] as const)(
    'is refused with a segment number that is declared twice: %s',
    async (type) => {
      const segments = ['organ', 'lesion'].map((name) => ({ name, number: 1 }));
      const path = await folderWith({ type, segments, frames: organ });
      expect(await opened(path, lenient)).toMatchObject({
        codes: ['label-declared-twice'],
        count: 0,
      });
    },
  );

  it('forms one class of several segments of one name, or of a pattern; of two files only by a pattern', async () => {
    const lesions = ['Neoplasm 1', 'Neoplasm 2', 'Neoplasm 2', 'Necrosis'];
    const frames = lesions.map((_, at) => {
      return frame(1, at + 1, { value: (column) => (column === at ? 1 : 0) });
    });
    const path = await folderWith({ segments: lesions, frames });
    const columns = async (spec: Spec) => {
      const data = await (await opened(path, { ...lenient, ...spec })).load();
      return [...data.subarray(SIZE * SIZE, SIZE * SIZE + 5)].join('');
    };
    expect(await columns({ labels: { 'Neoplasm*': 'lesion' } })).toBe('22200');
    expect(await columns({ labels: { 'Neoplasm 2': 'lesion' } })).toBe('02200');
    expect(await columns({ labels: { 'N*s*s': 'lesion' } })).toBe('00020');
    expect(await columns({ labels: { '*': 'lesion', 'Neoplasm 1': 'organ' } })).toBe('12220');
    const another = { SOPInstanceUID: '2.25.300.2' };
    await writeSeg(
      join(path, 'seg2.dcm'),
      { segments: ['Neoplasm 2'], frames: [frame(3, 1)] },
      another,
    );
    const literal = await opened(path, { ...lenient, labels: { 'Neoplasm 2': 'lesion' } });
    expect(literal.codes).toEqual(['ambiguous-label']);
    const pattern = await opened(path, { ...lenient, labels: { 'Neoplasm*': 'lesion' } });
    expect((await pattern.load()).filter((value) => value === 2)).toHaveLength(3 * SIZE + 36);
  });

  it('takes no name of every object for one of the site’s', async () => {
    const path = await folderWith({ segments: ['constructor', 'organ'], frames: [frame(1, 2)] });
    expect((await opened(path, lenient)).count).toBe(1);
  });
});

describe('frames of bits', () => {
  const size = 15;
  const frames = [0, 1, 2, 3].map((slice) => frame(slice, 1));
  const seg = { segments: ['organ'], frames, rows: size, columns: size };

  async function folderOf(change: Parameters<typeof writeSeg>[2] = {}, isByteAligned = false) {
    const folder = await temporaryFolder();
    const pixels = { Rows: size, Columns: size, PixelData: new Uint8Array(2 * size * size) };
    await writeSlices(folder, () => pixels);
    await writeSeg(join(folder, 'seg.dcm'), { ...seg, isByteAligned }, change);
    return folder;
  }

  it('that each start on a byte are known by their length, and said to', async () => {
    const plain = await opened(await folderOf(), lenient);
    const aligned = await opened(await folderOf({}, true), lenient);
    expect([plain.codes, aligned.codes]).toEqual([[], ['label-byte-aligned']]);
    expect(await aligned.load()).toEqual(await plain.load());
    expect((await plain.load()).filter((value) => value === 1)).toHaveLength(4 * 36);
  });

  it('of a length that is neither are refused', async () => {
    const path = await folderOf({ PixelData: new Uint8Array(150) });
    expect((await opened(path, lenient)).codes).toContain('unsupported-segmentation');
  });
});

describe('a SEG on another grid than its image', () => {
  /** Pixels of the image whose centres lie in the box of these corners in mm, on these slices. */
  const box = (x: number, y: number, z: number) =>
    x >= 2.9 && x <= 8.1 && y >= 3.9 && y <= 9.1 && z >= 1.9 && z <= 8.1;
  const expected = () =>
    Uint8Array.from({ length: SIZE * SIZE * SLICES }, (_, at) =>
      box(at % SIZE, Math.floor(at / SIZE) % SIZE, SLICE_MM * Math.floor(at / SIZE ** 2)) ? 1 : 0,
    );

  /** The box drawn on a grid of these steps in mm that starts at a corner. */
  function drawnOn(
    steps: readonly [number, number, number],
    origin: readonly [number, number, number],
    size: readonly [number, number, number],
  ): WrittenSeg {
    const [dx, dy, dz] = steps;
    const frames = Array.from({ length: size[2] }, (_, slice): WrittenFrame => {
      const z = origin[2] + dz * slice;
      return {
        segment: 1,
        position: [origin[0], origin[1], z],
        value: (column, row) => (box(origin[0] + dx * column, origin[1] + dy * row, z) ? 1 : 0),
      };
    });
    const [columns, rows] = size;
    return { segments: ['organ'], frames, rows, columns, spacing: [dy, dx], sliceMm: dz };
  }

  it.each([
    ['finer in the plane', drawnOn([0.5, 0.5, 2], [0, 0, 0], [31, 31, 6])],
    ['finer across slices', drawnOn([1, 1, 0.5], [0, 0, 0], [16, 16, 21])],
    ['shifted by a third of a pixel', drawnOn([1, 1, 2], [0.3, 0.3, 0], [15, 15, 6])],
    ['shifted by a third of a slice', drawnOn([1, 1, 2], [0, 0, 0.6], [16, 16, 5])],
  ])('is sampled at the nearest of its pixels, and said to be: %s', async (_, seg) => {
    const { codes, load } = await opened(await folderWith(seg), lenient);
    expect(codes).toEqual(['label-resampled']);
    const [found, wanted] = [await load(), expected()];
    const differing = found.filter((value, at) => value !== wanted[at]).length;
    // A border may lie a voxel further on each side, where grids do not share it.
    expect(differing).toBeLessThanOrEqual(2 * (6 * 6 + 2 * 6 * 4));
    expect(found.filter((value) => value === 1).length).toBeGreaterThan(60);
  });

  it('twice as coarse: each of its pixels is four of the image, and never a dot', async () => {
    const value = (column: number, row: number) =>
      column >= 1 && column <= 3 && row >= 2 && row <= 4 ? 1 : 0;
    const frames = [frame(1, 1, { value, sops: [sopOf(1)] })];
    const seg = { segments: ['organ'], frames, rows: 8, columns: 8, spacing: [2, 2] as const };
    const { codes, load } = await opened(await folderWith(seg), lenient);
    expect(codes).toEqual(['label-resampled']);
    const data = await load();
    const found = [...data.keys()].filter((at) => data[at] === 1);
    expect(found).toHaveLength(36);
    const columns = new Set(found.map((at) => at % SIZE));
    expect([...columns]).toEqual([2, 3, 4, 5, 6, 7]);
  });

  it('with its axes turned in the plane keeps its area and its middle', async () => {
    for (const degrees of [10, 30, 45]) {
      const [c, s] = [Math.cos((degrees * Math.PI) / 180), Math.sin((degrees * Math.PI) / 180)];
      const half = 0.5 * (12 * c - 12 * s);
      const position = [7 - half, 7 - 0.5 * (12 * s + 12 * c), 4] as const;
      const value = (column: number, row: number) =>
        Math.abs(column - 6) <= 3 && Math.abs(row - 6) <= 2 ? 1 : 0;
      const seg = {
        segments: ['organ'],
        frames: [{ segment: 1, position, value }],
        rows: 13,
        columns: 13,
        orientation: [c, s, 0, -s, c, 0],
      };
      const { codes, load } = await opened(await folderWith(seg), lenient);
      expect(codes).toEqual(['label-resampled']);
      const data = await load();
      const found = [...data.keys()].filter((at) => data[at] === 1);
      expect(Math.abs(found.length - 35)).toBeLessThanOrEqual(6);
      const middle = (axis: (at: number) => number) =>
        found.reduce((sum, at) => sum + axis(at), 0) / found.length;
      expect(middle((at) => at % SIZE)).toBeCloseTo(7, 0);
      expect(middle((at) => Math.floor(at / SIZE) % SIZE)).toBeCloseTo(7, 0);
      expect(new Set(found.map((at) => Math.floor(at / SIZE ** 2)))).toEqual(new Set([2]));
    }
  });

  it('with frames left out where nothing is drawn has the step that it says', async () => {
    const coarse = drawnOn([2, 2, 2], [0, 0, 0], [8, 8, 6]);
    const seg = { ...coarse, frames: [coarse.frames[1]!, coarse.frames[4]!] };
    const { load } = await opened(await folderWith(seg), lenient);
    const data = await load();
    const slices = [0, 1, 2, 3, 4, 5].map((slice) =>
      data.subarray(slice * SIZE ** 2, (slice + 1) * SIZE ** 2).includes(1),
    );
    expect(slices).toEqual([false, true, false, false, true, false]);
  });

  it.each([
    ['beyond its side', [2, 2, 2], [6, 0, 0], [8, 8, 6], 'label-grid-mismatch'],
    ['above its last slice', [2, 2, 2], [0, 0, 6.2], [8, 8, 4], 'label-slice-missing'],
  ] as const)('is refused where it is drawn %s', async (_, steps, origin, size, code) => {
    const everywhere = drawnOn(steps, origin, size);
    const frames = everywhere.frames.map((each) => ({ ...each, value: () => 1 }));
    const { codes } = await opened(await folderWith({ ...everywhere, frames }), lenient);
    expect(codes).toEqual([code]);
  });

  it.each([
    ['two lie between slices', [frame(1.3, 1), frame(1.9, 1)]],
    ['one lies beside the others', [frame(3, 1, { position: [0.7, 0, 6] })]],
  ])('is refused where its frames form no grid: %s', async (_, odd) => {
    const seg = drawnOn([2, 2, 2], [0, 0, 0], [8, 8, 3]);
    const frames = [...seg.frames, ...odd];
    const { codes } = await opened(await folderWith({ ...seg, frames }), lenient);
    expect(codes).toEqual(['label-grid-mismatch']);
  });

  it('of slices twice as thick, whose frames are even, leaves no slice out', async () => {
    const seg = { ...drawnOn([1, 1, 4], [0, 0, 1], [16, 16, 3]), sliceMm: 1 };
    const { load } = await opened(await folderWith(seg), lenient);
    const data = await load();
    const slices = [0, 1, 2, 3, 4, 5].map((slice) =>
      data.subarray(slice * SIZE ** 2, (slice + 1) * SIZE ** 2).includes(1),
    );
    expect(slices).toEqual([false, false, true, true, false, false]);
  });

  it('is refused where a frame lies on another slice than it refers to', async () => {
    const frames = [frame(1, 1, { sops: [sopOf(3)] })];
    const { codes } = await opened(await folderWith({ segments: ['organ'], frames }), lenient);
    expect(codes).toEqual(['label-grid-mismatch']);
  });

  it('marks each voxel by the pixel nearest to it, for any grid over the image', async () => {
    const step = fc.double({ min: 0.4, max: 2.5, noNaN: true });
    const shift = fc.double({ min: -0.4, max: 0.4, noNaN: true });
    await fc.assert(
      fc.asyncProperty(step, step, shift, shift, async (dx, dy, x0, y0) => {
        fc.pre(Math.abs(dx - 1) > 0.05);
        const size = [Math.floor((15 - x0) / dx) + 1, Math.floor((15 - y0) / dy) + 1, 6] as const;
        const { load } = await opened(
          await folderWith(drawnOn([dx, dy, 2], [x0, y0, 0], size)),
          lenient,
        );
        const data = await load();
        const nearest = (at: number, first: number, pitch: number, count: number) => {
          const index = (at - first) / pitch;
          if (index < -0.499 || index > count - 0.501) return undefined;
          const rest = Math.abs(index - Math.floor(index) - 0.5);
          return rest < 1e-3 ? undefined : first + pitch * Math.round(index);
        };
        for (const [at, value] of data.entries()) {
          const x = nearest(at % SIZE, x0, dx, size[0]);
          const y = nearest(Math.floor(at / SIZE) % SIZE, y0, dy, size[1]);
          const z = SLICE_MM * Math.floor(at / SIZE ** 2);
          if (x !== undefined && y !== undefined) expect(value).toBe(box(x, y, z) ? 1 : 0);
        }
      }),
      { numRuns: 25 },
    );
  });
});

describe('a SEG belongs', () => {
  const seg = { segments: ['organ'], frames: [frame(1, 1)] };
  const references = (...slices: number[]) =>
    slices.map((slice) => ({ ReferencedSOPInstanceUID: sopOf(slice) }));

  it.each([
    ['the images at its top', { SourceImageSequence: references(1) }],
    [
      'the images of a series without its name',
      {
        ReferencedSeriesSequence: [{ ReferencedInstanceSequence: references(0, 1) }],
      },
    ],
    [
      'a series of another name and these images',
      {
        ReferencedSeriesSequence: [
          { SeriesInstanceUID: '2.25.9999', ReferencedInstanceSequence: references(1) },
        ],
      },
    ],
    [
      'the images that it was derived from',
      {
        DerivationImageSequence: [{ SourceImageSequence: references(1) }],
      },
    ],
    ['nothing, in the frame of reference of one series', {}],
  ])('to the series of what it names: %s', async (_, change) => {
    const path = await folderWith(seg, { ReferencedSeriesSequence: undefined, ...change });
    expect(await opened(path, lenient)).toMatchObject({ codes: [], count: 1 });
  });

  it('to no series where it names none and shares its frame of reference with none', async () => {
    const change = { ReferencedSeriesSequence: undefined, FrameOfReferenceUID: '2.25.779' };
    expect((await opened(await folderWith(seg, change), lenient)).codes).toEqual([
      'label-missing',
      'label-no-reference',
    ]);
  });
});
