import { readFile } from 'node:fs/promises';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { apply, IDENTITY, invert, isUsable, lpsToRas, multiply, shifted } from './affine.js';
import { assertUsable, orientation, spacingMm } from './grid.js';
import { shearDegrees } from './shear.js';
import type { Vec3 } from './vector.js';

interface Golden {
  readonly cases: readonly {
    readonly affine: readonly number[];
    readonly orientation: string;
    readonly spacingMm: readonly number[];
    readonly inverse: readonly number[];
  }[];
}

const golden: Golden = JSON.parse(
  await readFile(new URL('./geometry.golden.json', import.meta.url), 'utf8'),
);

const point = fc
  .tuple(...[0, 1, 2].map(() => fc.double({ min: -500, max: 500, noNaN: true })))
  .map((values) => values as unknown as Vec3);

describe('geometry as nibabel and NumPy have it', () => {
  it.each(golden.cases)('$orientation', ({ affine, ...expected }) => {
    const grid = { shape: [2, 2, 2] as const, affineRas: affine };
    expect(orientation(grid)).toBe(expected.orientation);
    spacingMm(grid).forEach((value, axis) => {
      expect(value).toBeCloseTo(expected.spacingMm[axis]!, 9);
    });
    invert(affine).forEach((value, index) => {
      expect(value).toBeCloseTo(expected.inverse[index]!, 9);
    });
  });
});

describe('affines', () => {
  it('lead back through their inverse to where they came from', () => {
    fc.assert(
      fc.property(fc.constantFrom(...golden.cases), point, ({ affine }, from) => {
        const back = apply(invert(affine), apply(affine, from));
        back.forEach((value, axis) => {
          expect(value).toBeCloseTo(from[axis]!, 6);
        });
      }),
    );
  });

  it('compose as matrices do', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...golden.cases),
        fc.constantFrom(...golden.cases),
        point,
        (a, b, from) => {
          const composed = apply(multiply(a.affine, b.affine), from);
          apply(a.affine, apply(b.affine, from)).forEach((value, axis) => {
            expect(value).toBeCloseTo(composed[axis]!, 5);
          });
        },
      ),
    );
  });

  it('keep voxels in place when the first one moves', () => {
    const { affine } = golden.cases[0]!;
    const expected = apply(affine, [4, -1, 6]);
    apply(shifted(affine, [3, -2, 5]), [1, 1, 1]).forEach((value, axis) => {
      expect(value).toBeCloseTo(expected[axis]!, 9);
    });
  });

  it('change between LPS and RAS by their own inverse, without negative zeros', () => {
    const { affine } = golden.cases[0]!;
    expect(lpsToRas(lpsToRas(affine))).toEqual(affine);
    expect(lpsToRas(IDENTITY).some((value) => Object.is(value, -0))).toBe(false);
  });

  it.each([
    ['a repeated axis', [1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1]],
    ['a zero axis', [1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1]],
    ['an infinity', [Number.POSITIVE_INFINITY, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1]],
    ['a projective row', [1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0.1, 1]],
  ])('are unusable with %s', (_, affine) => {
    expect(isUsable(affine)).toBe(false);
  });
});

describe('grids', () => {
  it('are no volume’s without a size, a position and a spacing', () => {
    const grid = { shape: [2, 3, 4] as const, affineRas: IDENTITY };
    expect(() => assertUsable(grid)).not.toThrow();
    const nan = IDENTITY.map((value, at) => (at === 10 ? Number.NaN : value));
    for (const bad of [
      { affineRas: nan },
      { shape: [2, 0, 4] as const },
      { shape: [2, 3, 0.5] as const },
    ]) {
      expect(() => assertUsable({ ...grid, ...bad })).toThrow(/a size, a position and a spacing/);
    }
  });

  it('are sheared by the angle of an axis that leans, and not by what rounding leaves', () => {
    const leaning = (z: number, steps: number) =>
      shearDegrees({
        shape: [10, 10, steps],
        affineRas: [1, 0, z, 0, 0, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1],
      });
    expect(leaning(Math.tan(Math.PI / 9), 20)).toBeCloseTo(20, 9);
    expect([leaning(0, 20), leaning(1e-4, 300), leaning(1e-3, 20)]).toEqual([0, 0, 0]);
    expect(leaning(0.01, 20)).toBeGreaterThan(0);
  });
});
