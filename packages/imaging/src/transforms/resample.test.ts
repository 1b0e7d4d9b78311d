import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { apply, column, invert } from '../geometry/affine.js';
import { corners, type Grid, spacingMm } from '../geometry/grid.js';
import { roundHalfEven } from '../geometry/rounding.js';
import { dot, type Vec3 } from '../geometry/vector.js';
import { sampleLinear } from './grid-sampling.js';
import { gridAtSpacing, rectangularGrid } from './resample.js';

/** Slices 5 mm apart on a couch, the gantry tilted by 14 degrees. */
const TILT = (14 * Math.PI) / 180;
const TILTED: Grid = {
  shape: [6, 7, 5],
  affineRas: [
    ...[-0.8, 0, 0, 20],
    ...[0, -0.8 * Math.cos(TILT), 0, 30],
    ...[0, -0.8 * Math.sin(TILT), 5, -40],
    ...[0, 0, 0, 1],
  ],
};

/** A field that trilinear interpolation reproduces exactly: linear in the world's millimetres. */
function linearField(grid: Grid) {
  const [nx, ny, nz] = grid.shape;
  const data = Float32Array.from({ length: nx * ny * nz }, (_, at) =>
    fieldAt(apply(grid.affineRas, [at % nx, Math.floor(at / nx) % ny, Math.floor(at / (nx * ny))])),
  );
  return { ...grid, data };
}

function fieldAt([x, y, z]: Vec3): number {
  return 3 * x - 2 * y + 0.5 * z + 7;
}

describe('a tilted gantry', () => {
  const grid = rectangularGrid(TILTED);

  it('comes out rectangular, its slices as far apart as they are along their normal', () => {
    const [i, j, k] = ([0, 1, 2] as const).map((axis) => column(grid.affineRas, axis)) as [
      Vec3,
      Vec3,
      Vec3,
    ];
    for (const product of [dot(i, j), dot(i, k), dot(j, k)]) expect(product).toBeCloseTo(0, 9);
    expect(spacingMm(grid)[2]).toBeCloseTo(5 * Math.cos(TILT), 9);
    expect(spacingMm(grid).slice(0, 2)).toEqual([expect.closeTo(0.8, 9), expect.closeTo(0.8, 9)]);
  });

  it('keeps every value at its place in the world', () => {
    const resampled = sampleLinear(linearField(TILTED), grid, 'edge');
    const [nx, ny] = grid.shape;
    const toStored = invert(TILTED.affineRas);
    let compared = 0;
    resampled.data.forEach((value, at) => {
      const voxel: Vec3 = [at % nx, Math.floor(at / nx) % ny, Math.floor(at / (nx * ny))];
      const world = apply(grid.affineRas, voxel);
      const isInside = apply(toStored, world).every(
        (index, axis) => index >= 0 && index <= TILTED.shape[axis]! - 1,
      );
      if (!isInside) return;
      compared++;
      expect(value).toBeCloseTo(fieldAt(world), 3);
    });
    expect(compared).toBeGreaterThan(50);
  });

  it('loses no corner of the scan', () => {
    const fromStored = invert(grid.affineRas);
    for (const corner of corners(TILTED.shape)) {
      const index = apply(fromStored, apply(TILTED.affineRas, corner));
      index.forEach((at, axis) => {
        expect(at).toBeGreaterThan(-1);
        expect(at).toBeLessThan(grid.shape[axis]!);
      });
    }
  });
});

describe('resampling', () => {
  it('reproduces a linear field at any spacing', () => {
    const source = linearField({
      ...TILTED,
      affineRas: [2, 0, 0, 1, 0, 1.5, 0, 2, 0, 0, 3, 4, 0, 0, 0, 1],
    });
    const spacing = fc.double({ min: 0.4, max: 6, noNaN: true });
    fc.assert(
      fc.property(spacing, spacing, spacing, (...spacings) => {
        const grid = gridAtSpacing(source, spacings);
        const resampled = sampleLinear(source, grid, 'zero');
        const [nx, ny] = grid.shape;
        resampled.data.forEach((value, at) => {
          const voxel: Vec3 = [at % nx, Math.floor(at / nx) % ny, Math.floor(at / (nx * ny))];
          const index = apply(invert(source.affineRas), apply(grid.affineRas, voxel));
          // The last voxel may reach beyond the last centre, where the edge is held.
          if (index.some((each, axis) => each > source.shape[axis]! - 1)) return;
          expect(value).toBeCloseTo(fieldAt(apply(grid.affineRas, voxel)), 3);
        });
      }),
      { numRuns: 25 },
    );
  });

  it('refuses a spacing that would make more voxels than the limit', () => {
    expect(() => gridAtSpacing(TILTED, [1e-3, 1e-3, 1e-3])).toThrow(
      expect.objectContaining({ code: 'imaging/spacing-unusable' }),
    );
  });

  it('rounds halves to even, as IEEE 754 and PyTorch do', () => {
    expect([0.5, 1.5, 2.5, -0.5, -1.5, 2.4999, 3.5001].map(roundHalfEven)).toEqual([
      0, 2, 2, -0, -2, 2, 4,
    ]);
  });
});
