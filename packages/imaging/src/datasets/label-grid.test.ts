import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Grid } from '../geometry/grid.js';
import { checkSameGrid } from './label-grid.js';

const SHAPE = [10, 12, 8] as const;

function grid(
  sides: readonly [number, number, number],
  origin: readonly number[] = [5, -7, 9],
): Grid {
  const [x, y, z] = sides;
  const [a, b, c] = origin as [number, number, number];
  return { shape: SHAPE, affineRas: [-x, 0, 0, a, 0, -y, 0, b, 0, 0, z, c, 0, 0, 0, 1] };
}

function reasonOf(image: Grid, label: Grid): string | undefined {
  try {
    checkSameGrid('label.nii', image, label);
  } catch (error) {
    return (error as Error).message.replace(/^.*of its image: /, '');
  }
  return undefined;
}

describe('a label on the grid of its image', () => {
  it('is off by no more than a tenth of a voxel, however large voxels are', () => {
    const side = fc.double({ min: 0.005, max: 10, noNaN: true });
    const part = fc.double({ min: 0, max: 1, noNaN: true });
    fc.assert(
      fc.property(fc.tuple(side, side, side), fc.nat(2), part, (sides, axis, off) => {
        const moved = [5, -7, 9].map((at, each) => (each === axis ? at + off * sides[axis]! : at));
        fc.pre(Math.abs(off - 0.1) > 1e-3);
        expect(reasonOf(grid(sides), grid(sides, moved)) === undefined).toBe(off < 0.1);
      }),
    );
  });

  const image = grid([2, 2, 3]);
  it.each([
    ['shifted', grid([2, 2, 3], [6, -7, 10.5]), 'it is shifted by -0.5, 0, 0.5 voxels'],
    [
      'flipped',
      { ...image, affineRas: [-2, 0, 0, 5, 0, 2, 0, -29, 0, 0, 3, 9, 0, 0, 0, 1] },
      'its axes run LAS, those of the image LPS',
    ],
    [
      'of other voxels',
      grid([2, 2, 2.5]),
      'its voxels are 2 × 2 × 2.5 mm, those of the image 2 × 2 × 3 mm',
    ],
    [
      'of another matrix',
      { ...image, shape: [10, 12, 7] as const },
      'its matrix is 10 × 12 × 7, that of the image 10 × 12 × 8',
    ],
    [
      'turned',
      { ...image, affineRas: [-2, 0.1, 0, 5, -0.1, -2, 0, -7, 0, 0, 3, 9, 0, 0, 0, 1] },
      'it is turned: its corners are up to 0.55 voxels off',
    ],
  ] satisfies [string, Grid, string][])(
    'is refused by what is different: %s',
    (_, label, reason) => {
      expect(reasonOf(image, label)).toBe(reason);
    },
  );
});
