import { seededRandom } from '@fedvox/base';
import { VALUES_PER_SLICE } from '@fedvox/weights';
import { describe, expect, it } from 'vitest';
import { innerProducts } from './inner-products.js';
import { sourceOf, updatesOf } from './testing/played-rounds.js';

const random = seededRandom('inner products');
const vector = (length: number) => Float32Array.from({ length }, () => random.normal());

describe('inner products of updates', () => {
  it('are those of all tensors together, written down as the formula has it', async () => {
    const deltas = [1, 2, 3].map(() => ({ bias: vector(3), weight: vector(1_001) }));
    const updates = updatesOf(deltas, [1, 1, 1]);
    const products = await innerProducts(sourceOf(deltas[0]!).tensors, updates);
    for (const [a, one] of deltas.entries()) {
      for (const [b, other] of deltas.entries()) {
        const all = [...one.bias, ...one.weight];
        const others = [...other.bias, ...other.weight];
        const sum = all.reduce((total, value, i) => total + value * others[i]!, 0);
        expect(products[a]?.[b]).toBeCloseTo(sum, 9);
      }
    }
  });

  it('hold no more than a slice of all updates together, of any number of sites', async () => {
    const sites = 40;
    const length = 2 * VALUES_PER_SLICE;
    const held: number[] = [];
    const updates = Array.from({ length: sites }, (_, k) => ({
      delta: {
        read: async (_: string, from: number, to: number) => {
          held.push(to - from);
          return new Float32Array(to - from).fill(k);
        },
      },
    }));
    const products = await innerProducts([{ name: 'w', shape: [length] }], updates);
    expect(products[3]?.[5]).toBe(15 * length);
    expect(Math.max(...held) * sites).toBeLessThanOrEqual(VALUES_PER_SLICE);
    expect(held.reduce((sum, each) => sum + each, 0)).toBe(sites * length);
  });
});
