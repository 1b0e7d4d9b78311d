import { describe, expect, it } from 'vitest';
import { affineFromColumns } from '../geometry/affine.js';
import type { Vec3 } from '../geometry/vector.js';
import { contactSheet, thumbnail } from './contact-sheet.js';
import { type Plane, patientView } from './patient-view.js';
import { drawText } from './pixel-font.js';
import type { Picture } from './png.js';

const RIGHT: Vec3 = [1, 0, 0];
const FRONT: Vec3 = [0, 1, 0];
const HEAD: Vec3 = [0, 0, 1];
const LEFT: Vec3 = [-1, 0, 0];
const BACK: Vec3 = [0, -1, 0];
const FEET: Vec3 = [0, 0, -1];

/** How scanners and programs store the same patient: which way columns, rows and slices run. */
const STORED: Readonly<Record<string, readonly [Vec3, Vec3, Vec3]>> = {
  'axial, as DICOM has it': [LEFT, BACK, HEAD],
  'axial from the head downwards': [LEFT, BACK, FEET],
  'axial, prone': [RIGHT, FRONT, HEAD],
  'axial, lying on a side': [FRONT, LEFT, HEAD],
  'coronal, as DICOM has it': [LEFT, FEET, BACK],
  'sagittal, as DICOM has it': [BACK, FEET, RIGHT],
  'NIfTI from the right, so that its axes are left-handed': [LEFT, FRONT, HEAD],
};

/** A patient whose right front upper part is bright, in 24 × 20 × 22 mm around the origin. */
function phantom(steps: readonly [Vec3, Vec3, Vec3]) {
  const shape = steps.map((step) =>
    step[0] !== 0 ? 24 : step[1] !== 0 ? 20 : 22,
  ) as never as Vec3;
  const origin = [0, 1, 2].map((world) =>
    steps.reduce((sum, step, axis) => sum - (step[world]! * (shape[axis]! - 1)) / 2, 0),
  ) as never as Vec3;
  const affineRas = affineFromColumns(...steps, origin);
  const data = new Float32Array(shape[0] * shape[1] * shape[2]);
  const isBright = [0, 1, 2].map((world) => {
    const axis = steps.findIndex((step) => step[world] !== 0);
    const runsBack = steps[axis]![world]! < 0;
    return (ijk: readonly number[]) => ijk[axis]! < shape[axis]! / 2 === runsBack;
  });
  for (let at = 0; at < data.length; at++) {
    const ijk = [
      at % shape[0],
      Math.floor(at / shape[0]) % shape[1],
      Math.floor(at / (shape[0] * shape[1])),
    ];
    // Hot and cold voxels around the middle set the window: the bright part is grey, as no letter is.
    const isMiddle = ijk.every((index, axis) => Math.abs(index - shape[axis]! / 2) < 5);
    const extreme = at % 2 === 0 ? 1000 : 0;
    data[at] = isMiddle ? extreme : isBright.every((isOf) => isOf(ijk)) ? 600 : 100;
  }
  return { shape, affineRas, data };
}

interface Corner {
  readonly x: number;
  readonly y: number;
}

/** The letter that is written in white within a pixel of a place. */
function letterNear(picture: Picture, { x, y }: Corner, dotPixels: number): string | undefined {
  const steps = [-1, 0, 1].flatMap((dx) => [-1, 0, 1].map((dy) => ({ x: x + dx, y: y + dy })));
  return steps.map((corner) => letterAt(picture, corner, dotPixels)).find(Boolean);
}

/** The letter that is written in white at a place, read by comparison with the font. */
function letterAt({ width, rgb }: Picture, corner: Corner, dotPixels: number): string | undefined {
  const [wide, high] = [5 * dotPixels, 7 * dotPixels];
  const isWhite = (picture: Picture, x: number, y: number) =>
    [0, 1, 2].every((part) => picture.rgb[3 * (y * picture.width + x) + part] === 255);
  return [...'RLAPSI'].find((letter) => {
    const own = { width: wide, height: high, rgb: new Uint8Array(3 * wide * high) };
    drawText(own, { x: 0, y: 0 }, letter, [255, 255, 255], dotPixels);
    return Array.from({ length: wide * high }, (_, at) => [at % wide, Math.floor(at / wide)]).every(
      ([x, y]) =>
        isWhite(own, x!, y!) === isWhite({ width, height: 0, rgb }, corner.x + x!, corner.y + y!),
    );
  });
}

/** The letters at the edges of a view of this size, left, right, top, bottom. */
function marksOf(picture: Picture, middle: Corner, size: Corner, dotPixels: number) {
  const [halfWide, halfHigh] = [2.5 * dotPixels, 3.5 * dotPixels];
  const [left, right] = [middle.x - size.x / 2, middle.x + size.x / 2];
  const [top, bottom] = [middle.y - size.y / 2, middle.y + size.y / 2];
  return [
    [left + dotPixels, middle.y - halfHigh],
    [right - dotPixels - 2 * halfWide, middle.y - halfHigh],
    [middle.x - halfWide, top + dotPixels],
    [middle.x - halfWide, bottom - dotPixels - 2 * halfHigh],
  ].map(([x, y]) => letterNear(picture, { x: Math.round(x!), y: Math.round(y!) }, dotPixels));
}

/** Which quarter of a view is brighter than the other three. */
function brightQuarter({ width, rgb }: Picture, middle: Corner, reach: number): string {
  const greyAt = (dx: number, dy: number) => rgb[3 * ((middle.y + dy) * width + middle.x + dx)]!;
  const quarters = [
    { name: 'left top', grey: greyAt(-reach, -reach) },
    { name: 'right top', grey: greyAt(reach, -reach) },
    { name: 'left bottom', grey: greyAt(-reach, reach) },
    { name: 'right bottom', grey: greyAt(reach, reach) },
  ];
  return quarters
    .filter(({ grey }) => grey > 100)
    .map(({ name }) => name)
    .join();
}

/** Pixels of the phantom's sides at 157 steps for its longest, 23 mm. */
const [WIDE, DEEP, TALL] = [158, 131, 144];

describe('a patient whose right front upper part is bright', () => {
  for (const [name, steps] of Object.entries(STORED)) {
    it(`has it where R, A and S stand, at the left and the top, stored ${name}`, () => {
      const sheet = contactSheet({ image: phantom(steps) });
      const middleOf = (row: number) => ({ x: 4 + 4 * 162 + 79, y: 4 + row * 162 + 79 });
      expect([0, 1, 2].map((row) => brightQuarter(sheet, middleOf(row), 35))).toEqual([
        'left top', // the last axial slice, near the head
        'left top', // the last coronal one, near the nose
        'left top', // the last sagittal one, near the right ear
      ]);
      expect(marksOf(sheet, middleOf(0), { x: WIDE, y: DEEP }, 2)).toEqual(['R', 'L', 'A', 'P']);
      expect(marksOf(sheet, middleOf(1), { x: WIDE, y: TALL }, 2)).toEqual(['R', 'L', 'S', 'I']);
      expect(marksOf(sheet, middleOf(2), { x: DEEP, y: TALL }, 2)).toEqual(['A', 'P', 'S', 'I']);
    });
  }

  it('has the same marks on a thumbnail of 160 × 160 pixels', () => {
    const small = thumbnail({ image: phantom([LEFT, BACK, HEAD]) });
    expect([small.width, small.height, small.rgb.length]).toEqual([160, 160, 3 * 160 * 160]);
    const marks = (x: number, y: number, size: Corner) =>
      marksOf(small, { x: x + 39.5, y: y + 39.5 }, size, 1).join('');
    expect(marks(0, 0, { x: 79, y: 66 })).toBe('RLAP');
    expect(marks(81, 0, { x: 79, y: 72 })).toBe('RLSI');
    expect(marks(0, 81, { x: 66, y: 72 })).toBe('APSI');
  });
});

describe('a view too thin for its letters', () => {
  it('has them beside it', () => {
    const shape: Vec3 = [60, 60, 3];
    const affineRas = affineFromColumns(LEFT, BACK, [0, 0, 2], [0, 0, 0]);
    const data = Float32Array.from({ length: 60 * 60 * 3 }, (_, at) => at % 60);
    const sheet = contactSheet({ image: { shape, affineRas, data } });
    const high = 1 + Math.round((2 * 2 * 157) / 59);
    const [x, y] = [4 + 79 - 5, 4 + 162 + 79];
    expect(letterNear(sheet, { x, y: Math.round(y - high / 2 - 2 - 14) }, 2)).toBe('S');
    expect(letterNear(sheet, { x, y: Math.round(y + high / 2 + 2) }, 2)).toBe('I');
    expect(letterNear(sheet, { x: 4 + 2, y: y - 7 }, 2)).toBe('R');
  });
});

describe('the marks of a view', () => {
  const gridOf = (i: Vec3, j: Vec3, k: Vec3) => ({
    shape: [4, 5, 6] as const,
    affineRas: affineFromColumns(i, j, k, [7, 8, 9]),
  });
  const lettersOf = (plane: Plane, ...steps: [Vec3, Vec3, Vec3]) => {
    const { left, right, top, bottom } = patientView(gridOf(...steps), plane).letters;
    return [left, right, top, bottom];
  };
  const turned = (degrees: number): [Vec3, Vec3, Vec3] => {
    const [c, s] = [Math.cos((degrees * Math.PI) / 180), Math.sin((degrees * Math.PI) / 180)];
    return [
      [-2, 0, 0],
      [0, -2 * c, 2 * s],
      [0, 3 * s, 3 * c],
    ];
  };

  it('name a second side where slices are oblique, the nearer one first', () => {
    expect(lettersOf('axial', ...turned(10))).toEqual(['R', 'L', 'A', 'P']);
    expect(lettersOf('axial', ...turned(20))).toEqual(['R', 'L', 'AI', 'PS']);
    expect(lettersOf('axial', ...turned(-20))).toEqual(['R', 'L', 'AS', 'PI']);
    expect(lettersOf('coronal', ...turned(20))).toEqual(['R', 'L', 'SA', 'IP']);
  });

  it('are true of every way in which three axes can be stored', () => {
    const world = { R: RIGHT, L: LEFT, A: FRONT, P: BACK, S: HEAD, I: FEET };
    const axes = [LEFT, RIGHT].flatMap((x) =>
      [BACK, FRONT].flatMap((y) => [FEET, HEAD].map((z) => [x, y, z] as const)),
    );
    const orders = [
      [0, 1, 2],
      [0, 2, 1],
      [1, 0, 2],
      [1, 2, 0],
      [2, 0, 1],
      [2, 1, 0],
    ] as const;
    let tried = 0;
    for (const xyz of axes) {
      for (const [a, b, c] of orders) {
        const steps = [xyz[a], xyz[b], xyz[c]] as const;
        for (const [plane, expected] of Object.entries({
          axial: 'RLAP',
          coronal: 'RLSI',
          sagittal: 'APSI',
        })) {
          const view = patientView(gridOf(...steps), plane as Plane);
          const { left, right, top, bottom } = view.letters;
          expect(left + right + top + bottom).toBe(expected);
          // The voxel axis that is drawn rightwards truly runs to the side whose letter is there.
          const drawn = steps[view.rightwards.axis]!.map((part) =>
            view.rightwards.isReversed ? -part : part,
          );
          expect(drawn.map((part) => part + 0)).toEqual(world[right as keyof typeof world]);
          tried++;
        }
      }
    }
    expect(tried).toBe(8 * 6 * 3);
  });
});
