import { describe, expect, it } from 'vitest';
import type { Affine } from '../geometry/affine.js';
import { valuesOf } from '../geometry/stored-volume.js';
import { paintOf } from './class-paint.js';
import { FILL_OPACITY } from './overlay.js';
import { type Plane, patientView } from './patient-view.js';
import { greysOf, paintedSlice, sizeOf, voxelAt } from './slice-painter.js';

/** As scanners store it: i towards the patient's left, j towards the back, k upwards. */
const affineRas: Affine = [-1, 0, 0, 9, 0, -1, 0, 11, 0, 0, 2, 0, 0, 0, 0, 1];
const shape = [10, 12, 8] as const;
const grid = { shape, affineRas };
const index = ([i, j, k]: readonly [number, number, number]) => i + 10 * (j + 12 * k);
const WINDOW = [0, 255] as const;
const stored = Int16Array.from({ length: 960 }, (_, at) => (at % 10) + 20 * Math.floor(at / 120));

const pixelOf = ({ width, rgb }: ReturnType<typeof paintedSlice>, x: number, y: number) => [
  ...rgb.subarray(3 * (y * width + x), 3 * (y * width + x) + 3),
];

describe('a painted slice', () => {
  const scan = { ...grid, stored, gain: 1, offset: 0 };
  const greyAt = greysOf(scan, WINDOW);

  it.each([
    ['axial', 10, 12, 5, [0, 0, 5], [9, 11, 5]],
    ['coronal', 10, 8, 4, [0, 4, 7], [9, 4, 0]],
    ['sagittal', 12, 8, 3, [3, 0, 7], [3, 11, 0]],
  ] as const)(
    'of the %s plane lies as radiologists look at it',
    (plane, columns, rows, at, first, last) => {
      const view = patientView(grid, plane as Plane);
      const slice = { view, index: at };
      expect(sizeOf(shape, view)).toEqual({ columns, rows });
      expect(voxelAt(shape, slice, { x: 0, y: 0 })).toBe(index(first));
      expect(voxelAt(shape, slice, { x: columns - 1, y: rows - 1 })).toBe(index(last));
      const picture = paintedSlice({ ...grid, greyAt, overlay: NOTHING }, slice);
      expect(picture).toMatchObject({ width: columns, height: rows });
      const grey = stored[index(last)] as number;
      expect(pixelOf(picture, columns - 1, rows - 1)).toEqual([grey, grey, grey]);
    },
  );

  it('has a label filled and a prediction outlined, in the colours of their classes', () => {
    const label = { ...grid, data: new Uint8Array(960) };
    const prediction = { ...grid, data: new Uint8Array(960) };
    for (const i of [2, 3, 4]) {
      label.data[index([i, 6, 5])] = 1;
      for (const j of [5, 6, 7]) prediction.data[index([i, j, 5])] = 2;
    }
    const view = patientView(grid, 'axial');
    const picture = paintedSlice(
      { ...grid, greyAt, overlay: { label, prediction } },
      { view, index: 5 },
    );
    const place = { x: 3, y: 6 };
    expect(pixelOf(picture, 2, 6)).toEqual(paintOf(2, { x: 2, y: 6 }));
    const grey = stored[index([3, 6, 5])] as number;
    const tinted = paintOf(1, place).map((part) => Math.round(grey + FILL_OPACITY * (part - grey)));
    expect(pixelOf(picture, 3, 6)).toEqual(tinted);
    expect(pixelOf(picture, 8, 8)).toEqual(new Array(3).fill(stored[index([8, 8, 5])]));
  });

  it('is as bright by stored numbers as by the values that they stand for', () => {
    const numbers = Int16Array.from({ length: 960 }, (_, at) => at * 61 - 30_000);
    const odd = { ...grid, stored: numbers, gain: 0.37, offset: -12.5 };
    const [byNumber, byValue] = [
      greysOf(odd, [-9000, 9000]),
      greysOf(valuesOf(odd), [-9000, 9000]),
    ];
    for (let at = 0; at < 960; at++) expect(byNumber(at)).toBe(byValue(at));
    const unsigned = { ...odd, stored: Uint16Array.from(numbers, (each) => each + 32_768) };
    expect(greysOf(unsigned, [0, 1e4])(959)).toBe(greysOf(valuesOf(unsigned), [0, 1e4])(959));
  });
});

const NOTHING = { label: undefined, prediction: undefined };
