import { inflateSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { contactSheet } from './contact-sheet.js';
import { encodePng } from './png.js';

/** A head that is brightest at its nose, its right ear and its crown, stored as scanners do: LPS. */
function head(bright: (right: number, front: number, top: number) => boolean) {
  const shape = [10, 12, 8] as const;
  const affineRas = [-1, 0, 0, 9, 0, -1, 0, 11, 0, 0, 1, 0, 0, 0, 0, 1];
  const data = Float32Array.from({ length: 960 }, (_, at) => {
    const [i, j, k] = [at % 10, Math.floor(at / 10) % 12, Math.floor(at / 120)];
    return bright(9 - i, 11 - j, k) ? 1000 : 10 * ((i + j + k) % 5);
  });
  return { shape, affineRas, data };
}

/** Mean brightness of a part of the middle column's view in a row of the sheet. */
function brightness(
  row: number,
  part: { x: readonly [number, number]; y: readonly [number, number] },
  image: ReturnType<typeof head>,
) {
  const { width, rgb } = contactSheet(image);
  const cell = (width - 4) / 5;
  const shown = row === 0 ? [0, 1] : row === 1 ? [0, 2] : [1, 2];
  const pixelsPerMm = 160 / 12;
  const [wide, high] = shown.map((axis) => image.shape[axis!]! * pixelsPerMm) as [number, number];
  let [sum, count] = [0, 0];
  for (let y = Math.ceil(part.y[0] * high); y < part.y[1] * high - 14; y++) {
    for (let x = Math.ceil(part.x[0] * wide); x < part.x[1] * wide - 14; x++) {
      sum += rgb[3 * ((4 + row * cell + y) * width + 4 + 2 * cell + x)]!;
      count++;
    }
  }
  return sum / count;
}

const LEFT = { x: [0, 0.45], y: [0, 1] } as const;
const RIGHT = { x: [0.55, 1], y: [0, 1] } as const;
const TOP = { x: [0, 1], y: [0, 0.45] } as const;
const BOTTOM = { x: [0, 1], y: [0.55, 1] } as const;

describe('a contact sheet', () => {
  it('shows axial slices with the nose up and the patient’s right at the left edge', () => {
    expect(
      brightness(
        0,
        TOP,
        head((_, front) => front > 7),
      ),
    ).toBeGreaterThan(100);
    expect(
      brightness(
        0,
        BOTTOM,
        head((_, front) => front > 7),
      ),
    ).toBeLessThan(30);
    expect(
      brightness(
        0,
        LEFT,
        head((right) => right > 6),
      ),
    ).toBeGreaterThan(100);
    expect(
      brightness(
        0,
        RIGHT,
        head((right) => right > 6),
      ),
    ).toBeLessThan(30);
  });

  it('shows coronal and sagittal slices with the crown up, sagittal ones with the nose at the left', () => {
    for (const row of [1, 2]) {
      expect(
        brightness(
          row,
          TOP,
          head((_, __, top) => top > 5),
        ),
      ).toBeGreaterThan(100);
      expect(
        brightness(
          row,
          BOTTOM,
          head((_, __, top) => top > 5),
        ),
      ).toBeLessThan(30);
    }
    expect(
      brightness(
        2,
        LEFT,
        head((_, front) => front > 7),
      ),
    ).toBeGreaterThan(100);
  });

  it('outlines each class in its colour', () => {
    const image = head(() => false);
    const data = Uint8Array.from(image.data, (_, at) => (at % 10 > 3 && at % 10 < 7 ? 1 : 0));
    const { rgb } = contactSheet(image, { ...image, data });
    const colours = new Set(
      Array.from({ length: rgb.length / 3 }, (_, at) => rgb.subarray(3 * at, 3 * at + 3).join()),
    );
    expect(colours.has('255,80,80')).toBe(true);
    expect(colours.has('80,200,255')).toBe(false);
  });
});

describe('PNG', () => {
  it('has the picture’s size and its rows, each behind a filter byte', () => {
    const rgb = Uint8Array.from({ length: 18 }, (_, at) => at * 9);
    const png = Buffer.from(encodePng({ width: 3, height: 2, rgb }));
    expect(png.subarray(1, 4).toString()).toBe('PNG');
    expect([png.readUInt32BE(16), png.readUInt32BE(20)]).toEqual([3, 2]);
    const length = png.readUInt32BE(33);
    const rows = inflateSync(png.subarray(41, 41 + length));
    expect([...rows]).toEqual([0, ...rgb.subarray(0, 9), 0, ...rgb.subarray(9)]);
  });
});
