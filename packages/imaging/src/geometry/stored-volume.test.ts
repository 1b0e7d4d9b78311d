import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { portableVoxels } from '../voxel-engine/portable/portable-voxels.js';
import { storedValues, valuesOf } from './stored-volume.js';

const GRID = {
  shape: [3, 1, 1],
  affineRas: [1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1],
} as const;

describe('a stored volume', () => {
  it('stands for gain · stored + offset, worked out in double and rounded to float32', () => {
    const stored = Int16Array.of(-32768, 0, 32767);
    const volume = { ...GRID, stored, gain: 0.1, offset: -1024 };
    // numpy: (stored * 0.1 - 1024).astype(numpy.float32)
    expect(valuesOf(volume)).toEqual({
      ...GRID,
      data: Float32Array.of(-4300.7998046875, -1024, 2252.699951171875),
    });
  });

  it('is resampled to the bits that its values are, on any grid', () => {
    const size = fc.integer({ min: 1, max: 6 });
    const part = fc.double({ min: -2, max: 2, noNaN: true });
    const order = fc.constantFrom([0, 1, 2], [2, 0, 1], [1, 0, 2], [2, 1, 0]);
    const skew = fc.constantFrom(0, 0, 0.3);
    fc.assert(
      fc.property(
        ...([fc.tuple(size, size, size), fc.tuple(size, size, size), order, skew] as const),
        ...([fc.array(part, { minLength: 8, maxLength: 8 }), fc.boolean()] as const),
        (shape, target, axes, across, parts, signed) => {
          const [gain, offset, ...rest] = parts as [number, number, ...number[]];
          const indexOf = [0, 1, 2].flatMap((row) => [
            ...[0, 1, 2].map((column) => (axes[row] === column ? rest[row]! || 1 : across)),
            3 * rest[row + 3]!,
          ]);
          const count = shape[0] * shape[1] * shape[2];
          const numbers = Array.from({ length: count }, (_, at) => Math.imul(at + 1, 40503));
          const stored = signed ? Int16Array.from(numbers) : Uint16Array.from(numbers);
          const voxels = { shape, stored, gain, offset };
          const values = { shape, data: storedValues(voxels) };
          for (const outside of ['edge', 'zero'] as const) {
            expect(portableVoxels.linear(voxels, indexOf, target, outside)).toEqual(
              portableVoxels.linear(values, indexOf, target, outside),
            );
          }
        },
      ),
      { numRuns: 300 },
    );
  });
});
