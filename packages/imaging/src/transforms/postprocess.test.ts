import { readFileSync } from 'node:fs';
import { seededRandom } from '@fedvox/base';
import { describe, expect, it } from 'vitest';
import type { LabelMap } from '../geometry/grid.js';
import { componentsOf } from './components.js';
import { fillHoles, keepLargestComponent } from './postprocess.js';

interface Golden {
  readonly shape: readonly [number, number, number];
  /** A digit a voxel, x fastest. */
  readonly labels: string;
  readonly classes: readonly number[];
  readonly largest: string;
  readonly filled: string;
}

const { cases } = JSON.parse(
  readFileSync(new URL('postprocess.golden.json', import.meta.url), 'utf8'),
) as { cases: readonly Golden[] };
const affineRas = [1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1];

function mapOf(shape: LabelMap['shape'], voxels: string): LabelMap {
  return { shape, affineRas, data: Uint8Array.from(voxels, Number) };
}

describe('the largest component', () => {
  it.each(cases)(
    'of classes $classes in $shape is SciPy’s',
    ({ shape, labels, classes, largest }) => {
      const before = mapOf(shape, labels);
      const { data } = keepLargestComponent(before, classes);
      expect(data.join('')).toBe(largest);
      expect(before.data.join('')).toBe(labels);
    },
  );

  it('of two as large is the one that comes first', () => {
    const found = keepLargestComponent(mapOf([5, 1, 1], '11011'), [1]);
    expect(found.data.join('')).toBe('11000');
  });

  it('of a class that is nowhere is nothing', () => {
    expect(keepLargestComponent(mapOf([3, 1, 1], '010'), [2]).data.join('')).toBe('010');
  });
});

describe('filled holes', () => {
  it.each(cases)(
    'of classes $classes in $shape are SciPy’s',
    ({ shape, labels, classes, filled }) => {
      expect(fillHoles(mapOf(shape, labels), classes).data.join('')).toBe(filled);
    },
  );

  it('are there in these cases', () => {
    expect(cases.filter(({ labels, filled }) => labels !== filled).length).toBeGreaterThan(1);
  });
});

describe('components', () => {
  /** By flooding, voxel by voxel. */
  function flooded({ shape: [nx, ny, nz], data }: LabelMap): number[] {
    const sizes: number[] = [];
    const seen = new Set<number>();
    for (let begin = 0; begin < data.length; begin++) {
      if (data[begin] !== 1 || seen.has(begin)) continue;
      const todo = [begin];
      seen.add(begin);
      let size = 0;
      for (let at = todo.pop(); at !== undefined; at = todo.pop()) {
        size++;
        const [x, y, z] = [at % nx, Math.floor(at / nx) % ny, Math.floor(at / nx / ny)];
        for (let k = Math.max(z - 1, 0); k <= Math.min(z + 1, nz - 1); k++) {
          for (let j = Math.max(y - 1, 0); j <= Math.min(y + 1, ny - 1); j++) {
            for (let i = Math.max(x - 1, 0); i <= Math.min(x + 1, nx - 1); i++) {
              const next = i + nx * (j + ny * k);
              if (data[next] !== 1 || seen.has(next)) continue;
              seen.add(next);
              todo.push(next);
            }
          }
        }
      }
      sizes.push(size);
    }
    return sizes;
  }

  it('are those of a flood from each voxel, whatever the volume', () => {
    const random = seededRandom('components');
    for (let trial = 0; trial < 60; trial++) {
      const shape = [1, 2, 3].map(() => 1 + random.below(9)) as unknown as LabelMap['shape'];
      const density = random.uniform();
      const length = shape[0] * shape[1] * shape[2];
      const data = Uint8Array.from({ length }, () => (random.uniform() < density ? 1 : 0));
      const { sizes } = componentsOf({ shape, affineRas, data }, (value) => value === 1);
      expect(sizes).toEqual(flooded({ shape, affineRas, data }));
    }
  });
});
