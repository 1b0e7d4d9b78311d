import { seededRandom, shuffled } from '@fedvox/base';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { apply } from '../geometry/affine.js';
import { orientation, spacingMm } from '../geometry/grid.js';
import { add, cross, normalize, scale, type Vec3 } from '../geometry/vector.js';
import type { Frame } from './frame.js';
import { assembleSeries } from './stack.js';
import { transferSyntax } from './transfer-syntax.js';

const AXIAL = { row: [1, 0, 0] as Vec3, column: [0, 1, 0] as Vec3 };
const SAGITTAL = { row: [0, 1, 0] as Vec3, column: [0, 0, -1] as Vec3 };

interface Geometry {
  readonly row: Vec3;
  readonly column: Vec3;
}

function frame(
  positionLps: Vec3,
  { row, column }: Geometry = AXIAL,
  over: Partial<Frame> = {},
): Frame {
  return {
    path: 'slice.dcm',
    frameIndex: 0,
    sopInstanceUid: '1.2.3',
    seriesUid: '1.2',
    frameOfReferenceUid: undefined,
    modality: 'MR',
    syntax: transferSyntax('1.2.840.10008.1.2.1'),
    format: {
      rows: 4,
      columns: 3,
      bitsAllocated: 16,
      bitsStored: 12,
      highBit: 11,
      signed: false,
      inverted: false,
    },
    slope: 1,
    intercept: 0,
    isRescaled: true,
    dimensions: {},
    positionLps,
    rowDirectionLps: row,
    columnDirectionLps: column,
    rowSpacingMm: 0.5,
    columnSpacingMm: 0.75,
    ...over,
  };
}

/** Slices at these heights in mm along the normal. */
function slices(heightsMm: readonly number[], geometry: Geometry = AXIAL): Frame[] {
  const normal = cross(geometry.row, geometry.column);
  return heightsMm.map((height) => frame(scale(normal, height), geometry));
}

function evenly(count: number, stepMm: number): number[] {
  return Array.from({ length: count }, (_, index) => index * stepMm);
}

function assembled(frames: readonly Frame[]) {
  return assembleSeries('series', frames);
}

function refusal(frames: readonly Frame[]): { code: string; message: string } {
  try {
    assembled(frames);
  } catch (error) {
    return error as { code: string; message: string };
  }
  return { code: 'accepted', message: '' };
}

describe('a series that is a volume', () => {
  it('maps pixels to RAS: PixelSpacing is rows first, and LPS is negated once', () => {
    const { stack } = assembled(
      slices(evenly(5, 2)).map((each) => ({
        ...each,
        positionLps: add(each.positionLps, [10, 20, 30]),
      })),
    );
    expect(stack.grid.shape).toEqual([3, 4, 5]);
    expect(apply(stack.grid.affineRas, [2, 3, 4])).toEqual([
      -(10 + 2 * 0.75),
      -(20 + 3 * 0.5),
      30 + 4 * 2,
    ]);
    expect(orientation(stack.grid)).toBe('LPS');
    expect(spacingMm(stack.grid)).toEqual([0.75, 0.5, 2]);
    expect(stack.tiltDegrees).toBe(0);
  });

  it('is the same volume in whatever order its files come', () => {
    const frames = slices(evenly(9, 1.5), SAGITTAL);
    const expected = assembled(frames).stack;
    fc.assert(
      fc.property(fc.integer(), (seed) => {
        const { stack } = assembled(shuffled(frames, seededRandom(seed)));
        expect(stack).toEqual(expected);
      }),
    );
  });

  it('puts every slice where its position says, for any orientation', () => {
    const unit = fc
      .tuple(...[0, 1, 2].map(() => fc.double({ min: -1, max: 1, noNaN: true })))
      .filter((v) => Math.hypot(...v) > 0.1)
      .map((v) => normalize(v as unknown as Vec3));
    fc.assert(
      fc.property(
        unit,
        unit,
        fc.double({ min: 0.3, max: 8, noNaN: true }),
        (row, other, stepMm) => {
          const perpendicular = cross(row, other);
          fc.pre(Math.hypot(...perpendicular) > 0.1);
          const column = normalize(perpendicular);
          const { stack } = assembled(slices(evenly(6, stepMm), { row, column }));
          for (const [slice, { positionLps }] of stack.frames.entries()) {
            const [x, y, z] = apply(stack.grid.affineRas, [0, 0, slice]);
            expect(
              Math.hypot(x + positionLps[0], y + positionLps[1], z - positionLps[2]),
            ).toBeLessThan(1e-9);
          }
        },
      ),
    );
  });

  it('tolerates positions rounded to two decimals', () => {
    const heights = evenly(40, 3.26995).map((height) => Number(height.toFixed(2)));
    const { stack } = assembled(slices(heights));
    expect(spacingMm(stack.grid)[2]).toBeCloseTo(3.27, 3);
  });

  it('tolerates joins of bed positions: steps of 1.5 % more and less, no slice far from an even grid', () => {
    const joins = new Map([
      [47, -0.08],
      [94, 0.02],
      [141, -0.03],
    ]);
    const heights = evenly(200, 3.27).map(
      (height, at) =>
        height + [...joins].reduce((sum, [from, mm]) => (at >= from ? sum + mm : sum), 0),
    );
    expect(assembled(slices(heights)).stack.frames).toHaveLength(200);
  });

  it('judges by parts of a voxel: slices of a micro-CT are apart, and not even by half of its step', () => {
    const micro = (heights: readonly number[]) =>
      slices(heights).map((each) => ({ ...each, rowSpacingMm: 0.008, columnSpacingMm: 0.008 }));
    expect(spacingMm(assembled(micro(evenly(6, 0.008))).stack.grid)[2]).toBeCloseTo(0.008, 9);
    expect(refusal(micro([0, 0.008, 0.016, 0.028, 0.032])).code).toBe('imaging/uneven-spacing');
    expect(refusal(micro([0, 0.008, 0.016, 0.032, 0.04, 0.048])).code).toBe(
      'imaging/missing-slice',
    );
  });

  it('is read wherever no slice is further than 5 % of a step from even ones, and refused from 12 % on', () => {
    const stepMm = fc.double({ min: 0.005, max: 10, noNaN: true });
    const jitter = fc.array(fc.double({ min: -0.02, max: 0.02, noNaN: true }), {
      minLength: 6,
      maxLength: 60,
    });
    fc.assert(
      fc.property(stepMm, jitter, fc.nat(), (step, offs, odd) => {
        const heights = offs.map((off, at) => (at + off) * step);
        const pixel = { rowSpacingMm: step, columnSpacingMm: step };
        const stack = slices(heights).map((each) => ({ ...each, ...pixel }));
        expect(assembled(stack).stack.frames).toHaveLength(offs.length);
        const wrong = heights.map((height, at) =>
          at === 1 + (odd % (offs.length - 2)) ? height + 0.25 * step : height,
        );
        const broken = slices(wrong).map((each) => ({ ...each, ...pixel }));
        expect(refusal(broken).code).toBe('imaging/uneven-spacing');
      }),
    );
  });

  it('leaves out one or two localizers of another orientation, and says so', () => {
    const { stack, stray } = assembled([...slices(evenly(6, 2)), ...slices([50], SAGITTAL)]);
    expect(stack.frames).toHaveLength(6);
    expect(stray).toHaveLength(1);
  });

  it('reports the tilt of a gantry and keeps the shear in the affine', () => {
    const tilted = evenly(5, 5).map((z) => frame([0, z * Math.tan(Math.PI / 12), z]));
    const { stack } = assembled(tilted);
    expect(stack.tiltDegrees).toBeCloseTo(15, 6);
    expect(apply(stack.grid.affineRas, [0, 0, 4])[1]).toBeCloseTo(-20 * Math.tan(Math.PI / 12), 6);
  });
});

describe('a series that is no volume is refused by name', () => {
  it('a single slice', () => {
    expect(refusal(slices([0])).code).toBe('imaging/single-slice');
  });

  it('a missing slice, saying where', () => {
    const gap = refusal(slices([0, 2, 4, 8, 10, 12]));
    expect(gap.code).toBe('imaging/missing-slice');
    expect(gap.message).toContain('lacks 1 slice(s): the first gap is after slice 3 of 6');
  });

  it('several missing slices in two gaps', () => {
    expect(refusal(slices([0, 1, 2, 5, 6, 7, 9, 10])).message).toContain('lacks 3 slice(s)');
  });

  it('uneven spacing', () => {
    expect(refusal(slices([0, 2, 4, 6.3, 8, 10])).code).toBe('imaging/uneven-spacing');
  });

  it('a slice that lies sideways of the others', () => {
    const frames = slices(evenly(6, 2)).map((each, index) =>
      index === 3 ? { ...each, positionLps: add(each.positionLps, [1, 0, 0]) } : each,
    );
    expect(refusal(frames)).toMatchObject({
      code: 'imaging/sideways-slice',
      message: expect.stringMatching(/the 4\. by position, that lies 0\.\d+ mm sideways/),
    });
  });

  it('a slice with another pixel spacing, matrix or orientation where one of the stack should be', () => {
    for (const [place, change, text] of [
      [3, { rowSpacingMm: 0.6, columnSpacingMm: 0.9 }, 'a pixel spacing of 0.6 × 0.9 mm, where'],
      [0, { format: { ...slices([0])[0]!.format, rows: 5 } }, 'a matrix of 3 × 5, where'],
      [5, { columnDirectionLps: normalize([0, 1, 0.1]) }, 'another orientation'],
    ] as const) {
      const frames = slices(evenly(6, 2)).map((each, at) =>
        at === place ? { ...each, ...change } : each,
      );
      const found = refusal(frames);
      expect([found.code, found.message]).toEqual([
        'imaging/odd-slice',
        expect.stringContaining(text),
      ]);
    }
  });

  it('slices at alternating distances, which lack nothing', () => {
    const heights = [0, 1, 3, 4, 6, 7, 9, 10, 12];
    expect(refusal(slices(heights)).code).toBe('imaging/uneven-spacing');
  });

  it('the one slice that is left of many when a time is chosen', () => {
    const cine = [0, 40, 80].map((TriggerTime) =>
      frame([0, 0, 0], AXIAL, { dimensions: { TriggerTime } }),
    );
    expect(refusal(cine).code).toBe('imaging/several-volumes');
    expect(() => assembleSeries('series', cine, { TriggerTime: 40 })).toThrow(/has one slice/);
  });

  it('several volumes at one place, by the attribute that tells them apart and their number', () => {
    const echoes = [5, 80, 120].flatMap((EchoTime) =>
      slices(evenly(4, 2)).map((each) => ({
        ...each,
        dimensions: { TriggerTime: undefined, EchoTime, ImageType: 'ORIGINAL' },
      })),
    );
    const found = refusal(echoes);
    expect(found.code).toBe('imaging/several-volumes');
    expect(found.message).toContain('which differ in EchoTime: 5, 80, 120');
    const { stack } = assembleSeries('series', echoes, { EchoTime: 80, ImageType: 'DERIVED' });
    expect(stack.frames.map(({ dimensions }) => dimensions.EchoTime)).toEqual([80, 80, 80, 80]);
  });

  it('two slices at one position where no attribute gives whole volumes, naming what they differ in', () => {
    const echoes = [5, 80].flatMap((EchoTime) =>
      slices(evenly(4, 2)).map((each) => ({ ...each, dimensions: { EchoTime } })),
    );
    const found = refusal(echoes.slice(1));
    expect(found.code).toBe('imaging/duplicate-positions');
    expect(found.message).toContain('they differ in EchoTime');
  });

  it('stacks of different orientations', () => {
    const frames = [...slices(evenly(4, 2)), ...slices(evenly(4, 2), SAGITTAL)];
    expect(refusal(frames).code).toBe('imaging/mixed-orientations');
  });

  it('stacks of different matrix sizes', () => {
    const [first] = slices([0]) as [Frame];
    const large = slices(evenly(4, 2)).map((each) => ({
      ...each,
      format: { ...first.format, rows: 9 },
    }));
    expect(refusal([...slices(evenly(4, 2)), ...large]).code).toBe('imaging/mixed-geometry');
  });

  it('more voxels than the limit', () => {
    const frames = slices(evenly(20, 2)).map((each) => ({
      ...each,
      format: { ...each.format, rows: 65_000, columns: 65_000 },
    }));
    expect(refusal(frames).code).toBe('imaging/too-large');
  });
});
