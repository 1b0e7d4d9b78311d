import { readFile } from 'node:fs/promises';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { apply, IDENTITY, invert, isUsable, lpsToRas, multiply, shifted } from './affine.js';
import { cornerDistanceMm, orientation, spacingMm } from './grid.js';
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
  it('are infinitely far apart when their shapes differ', () => {
    const a = { shape: [2, 3, 4] as const, affineRas: IDENTITY };
    expect(cornerDistanceMm(a, { ...a, shape: [2, 3, 5] })).toBe(Number.POSITIVE_INFINITY);
    expect(cornerDistanceMm(a, { ...a, affineRas: shifted(IDENTITY, [3, 4, 0]) })).toBe(5);
  });
});
