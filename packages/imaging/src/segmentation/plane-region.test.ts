import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { forEachPixel, type Outline } from './even-odd.js';
import { planeRegion } from './plane-region.js';

function enclosed(outlines: readonly Outline[], nx: number, ny: number): string[] {
  const rows = Array.from({ length: ny }, () => Array<string>(nx).fill('.'));
  const region = planeRegion(
    outlines.map((points) => ({ points, isXor: false })),
    nx,
    ny,
  );
  forEachPixel(region, nx, (pixel) => {
    rows[Math.floor(pixel / nx)]![pixel % nx] = '#';
  });
  return rows.map((row) => row.join(''));
}

function circle(x: number, y: number, radius: number, points = 200): Outline {
  return Array.from({ length: points }, (_, index) => {
    const angle = (2 * Math.PI * index) / points;
    return [x + radius * Math.cos(angle), y + radius * Math.sin(angle)] as const;
  });
}

const SQUARE: Outline = [
  [0.5, 0.5],
  [4.5, 0.5],
  [4.5, 3.5],
  [0.5, 3.5],
];

describe('pixels enclosed by outlines', () => {
  it('are those whose centres are inside', () => {
    expect(enclosed([SQUARE], 6, 5)).toEqual(['......', '.####.', '.####.', '.####.', '......']);
  });

  it('leave out what an inner outline encloses, and count an island in the hole again', () => {
    const outer: Outline = [
      [-0.5, -0.5],
      [6.5, -0.5],
      [6.5, 6.5],
      [-0.5, 6.5],
    ];
    const hole: Outline = [
      [0.5, 0.5],
      [5.5, 0.5],
      [5.5, 5.5],
      [0.5, 5.5],
    ];
    const island: Outline = [
      [2.5, 2.5],
      [3.5, 2.5],
      [3.5, 3.5],
      [2.5, 3.5],
    ];
    expect(enclosed([outer, hole, island], 7, 7)).toEqual([
      '#######',
      '#.....#',
      '#.....#',
      '#..#..#',
      '#.....#',
      '#.....#',
      '#######',
    ]);
  });

  it('do not depend on which way round or where an outline starts', () => {
    const shape = fc.array(
      fc.tuple(
        fc.double({ min: -3, max: 15, noNaN: true }),
        fc.double({ min: -3, max: 15, noNaN: true }),
      ),
      { minLength: 3, maxLength: 12 },
    );
    fc.assert(
      fc.property(shape, fc.nat(11), (outline, start) => {
        const turned = [
          ...outline.slice(start % outline.length),
          ...outline.slice(0, start % outline.length),
        ];
        const expected = enclosed([outline], 12, 12);
        expect(enclosed([turned], 12, 12)).toEqual(expected);
        expect(enclosed([[...outline].reverse()], 12, 12)).toEqual(expected);
      }),
    );
  });

  it('cover the area of a ring', () => {
    const rows = enclosed([circle(50, 50, 40), circle(50, 50, 20)], 100, 100);
    const pixels = rows.join('').replaceAll('.', '').length;
    expect(Math.abs(pixels / (Math.PI * (40 ** 2 - 20 ** 2)) - 1)).toBeLessThan(0.01);
  });

  it('are cut off at the border of the image', () => {
    expect(
      enclosed(
        [
          [
            [-9, -9],
            [99, -9],
            [99, 99],
            [-9, 99],
          ],
        ],
        3,
        2,
      ),
    ).toEqual(['###', '###']);
  });
});
