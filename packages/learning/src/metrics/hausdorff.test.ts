import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { squaredDistances, type Triple } from './distance-transform.js';
import { hausdorff95Mm } from './hausdorff.js';
import { surfaceDistances } from './surfaces.js';

interface Golden {
  readonly cases: readonly {
    readonly shape: Triple;
    readonly spacingMm: Triple;
    readonly a: readonly number[];
    readonly b: readonly number[];
    readonly hd95Mm: number;
  }[];
}

const golden: Golden = JSON.parse(
  readFileSync(new URL('golden/hausdorff.json', import.meta.url), 'utf8'),
);

function maskOf([nx, ny, nz]: Triple, voxels: readonly number[]): Uint8Array {
  const mask = new Uint8Array(nx * ny * nz);
  for (const voxel of voxels) mask[voxel] = 1;
  return mask;
}

const hd95 = (...masks: Parameters<typeof surfaceDistances>) =>
  hausdorff95Mm(surfaceDistances(...masks));

describe('the 95 % Hausdorff distance', () => {
  it.each(golden.cases)("is SciPy's for blobs of $shape voxels", (recorded) => {
    const { shape, spacingMm, a, b, hd95Mm } = recorded;
    const actual = hd95(maskOf(shape, a), maskOf(shape, b), shape, spacingMm);
    expect(actual).toBeCloseTo(hd95Mm, 5);
  });

  it('is the distance between two single voxels, in mm', () => {
    const shape: Triple = [5, 5, 5];
    const [a, b] = [maskOf(shape, [0]), maskOf(shape, [4 + 5 * 3])];
    expect(hd95(a, b, shape, [0.5, 2, 1])).toBeCloseTo(Math.hypot(4 * 0.5, 3 * 2), 5);
  });

  it('is 0 between a structure and itself, and undefined where one is empty', () => {
    const shape: Triple = [4, 4, 4];
    const [some, none] = [maskOf(shape, [21, 22, 25]), maskOf(shape, [])];
    expect(hd95(some, some, shape, [1, 1, 1])).toBe(0);
    expect(hd95(some, none, shape, [1, 1, 1])).toBeNaN();
    expect(hd95(none, some, shape, [1, 1, 1])).toBeNaN();
    expect(hd95(none, none, shape, [1, 1, 1])).toBeNaN();
  });
});

describe('the distance transform', () => {
  it('gives the distance to the nearest mark, as trying all of them does', () => {
    const size = fc.integer({ min: 1, max: 5 });
    const spacing = fc.double({ min: 0.25, max: 4, noNaN: true });
    const volumes = fc.tuple(size, size, size).chain((shape) => {
      const voxels = shape[0] * shape[1] * shape[2];
      const marks = fc.uint8Array({ min: 0, max: 1, minLength: voxels, maxLength: voxels });
      return fc.tuple(fc.constant(shape), marks, fc.tuple(spacing, spacing, spacing));
    });
    fc.assert(
      fc.property(volumes, ([shape, marks, spacingMm]) => {
        const positions = Array.from(marks, (_, voxel) => [
          (voxel % shape[0]) * spacingMm[0],
          (Math.floor(voxel / shape[0]) % shape[1]) * spacingMm[1],
          Math.floor(voxel / (shape[0] * shape[1])) * spacingMm[2],
        ]);
        const marked = positions.filter((_, voxel) => marks[voxel] === 1);
        const actual = squaredDistances(marks, shape, spacingMm).map(Math.sqrt);
        positions.forEach((position, voxel) => {
          const gaps = marked.map((other) =>
            Math.hypot(...position.map((mm, axis) => mm - (other[axis] as number))),
          );
          const nearest = Math.min(Number.POSITIVE_INFINITY, ...gaps);
          if (Number.isFinite(nearest)) expect(actual[voxel]).toBeCloseTo(nearest, 4);
          else expect(actual[voxel]).toBe(Number.POSITIVE_INFINITY);
        });
      }),
    );
  });
});
