import { inflateSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { paintOf } from './class-paint.js';
import { contactSheet } from './contact-sheet.js';
import { legendOf } from './legend.js';
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

/** Mean brightness of a part of the middle column's view in a row of the sheet, away from its middle. */
function brightness(
  row: number,
  part: { x: readonly [number, number]; y: readonly [number, number] },
  image: ReturnType<typeof head>,
) {
  const { width, rgb } = contactSheet({ image });
  const shown = row === 0 ? [0, 1] : row === 1 ? [0, 2] : [1, 2];
  const pixelsPerMm = 157 / 11;
  const [wide, high] = shown.map((axis) => (image.shape[axis!]! - 1) * pixelsPerMm) as [
    number,
    number,
  ];
  const [left, top] = [4 + 2 * 162 + (158 - wide) / 2, 4 + row * 162 + (158 - high) / 2];
  let [sum, count] = [0, 0];
  for (let y = Math.ceil(part.y[0] * high) + 1; y < part.y[1] * high - 1; y++) {
    for (let x = Math.ceil(part.x[0] * wide) + 1; x < part.x[1] * wide - 1; x++) {
      const isMark = Math.abs(x - wide / 2) < 8 || Math.abs(y - high / 2) < 10;
      if (isMark) continue;
      sum += rgb[3 * (Math.round(top + y) * width + Math.round(left + x))]!;
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

  describe('of a labelled scan', () => {
    const image = head(() => false);
    const slab = (from: number, to: number) => ({
      ...image,
      data: Uint8Array.from(image.data, (_, at) => (at % 10 >= from && at % 10 < to ? 1 : 0)),
    });
    /** How often each colour is in the rows of slices, and whether anything is below them. */
    function coloursOf(content: Parameters<typeof contactSheet>[0]) {
      const { width, height, rgb } = contactSheet(content);
      const slices = 3 * 162 + 4;
      const counts = new Map<string, number>();
      for (let at = 0; at < width * slices; at++) {
        const colour = rgb.subarray(3 * at, 3 * at + 3).join();
        counts.set(colour, (counts.get(colour) ?? 0) + 1);
      }
      return { counts, legendPixels: height - slices };
    }
    const ORANGE = '230,159,0';
    const isTinted = (colour: string) => new Set(colour.split(',')).size > 1 && colour !== ORANGE;

    it('fills what is labelled and outlines what is predicted, in the colour of the class', () => {
      const labelled = coloursOf({ image, label: slab(4, 7), classes: ['background', 'organ'] });
      const predicted = coloursOf({ image, prediction: slab(4, 7), classes: ['', 'organ'] });
      expect([...labelled.counts.keys()].some(isTinted)).toBe(true);
      expect(labelled.counts.has(ORANGE)).toBe(false);
      expect([...predicted.counts.keys()].some(isTinted)).toBe(false);
      expect(predicted.counts.get(ORANGE)).toBeGreaterThan(1000);
    });

    it('has a legend where anything is drawn', () => {
      expect(coloursOf({ image, label: slab(0, 0) }).legendPixels).toBe(0);
      expect(coloursOf({ image, label: slab(4, 7) }).legendPixels).toBe(20);
    });

    it('names every class that is drawn, however many, each by its own paint', () => {
      const drawn = Array.from({ length: 60 }, (_, at) => 3 * at + 1);
      const data = Uint8Array.from(image.data, (_, at) => drawn[at % 80] ?? 0);
      const label = { ...image, data };
      const classes = Array.from({ length: 200 }, (_, index) => `structure ${index}`);
      const sheet = contactSheet({ image, label, classes });
      const { lines, heightPixels } = legendOf(
        { label, prediction: undefined },
        classes,
        sheet.width,
      );
      const named = lines.flat().flatMap(({ classIndex }) => classIndex ?? []);
      expect(named).toEqual(drawn);
      expect(lines.flat().map(({ text }) => text)).toEqual([
        ...drawn.map((index) => `structure ${index}`),
        'label: filled',
      ]);
      expect(sheet.height - heightPixels).toBe(3 * 162 + 4);
      const legend = sheet.rgb.subarray(3 * sheet.width * (sheet.height - heightPixels));
      const colours = new Set(
        Array.from({ length: legend.length / 3 }, (_, at) =>
          legend.subarray(3 * at, 3 * at + 3).join(),
        ),
      );
      for (const index of drawn.slice(0, 7)) {
        expect(colours).toContain(paintOf(index, { x: 3, y: 3 }).join());
      }
    });

    it('shows the slices of a prediction that lies where the label is not', () => {
      const label = slab(1, 3);
      const apart = coloursOf({ image, label, prediction: slab(7, 9) }).counts;
      expect(apart.get(ORANGE)).toBeGreaterThan(100);
    });
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
