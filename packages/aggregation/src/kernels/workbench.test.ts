import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readInto, VALUES_PER_BLOCK, Workbench } from './workbench.js';

/** Every float32 there is, subnormal ones and those that are no numbers too. */
const values = fc.float32Array({ minLength: 1, maxLength: 100 });
const weight = fc.double({ min: 1e-6, max: 1e9, noNaN: true });

function meanOf(bench: Workbench, rows: readonly Float32Array[], weights: readonly number[]) {
  const length = rows[0]?.length ?? 0;
  bench.clear(length);
  for (const [k, row] of rows.entries()) {
    bench.values.set(row);
    bench.addScaled(weights[k] as number, length);
  }
  return bench.quotients(
    weights.reduce((sum, each) => sum + each, 0),
    length,
  );
}

const bitsOf = ({ buffer, byteOffset, byteLength }: Float64Array) =>
  Buffer.from(buffer, byteOffset, byteLength).toString('hex');

describe('a workbench with vectors', () => {
  it('is what this machine gets', () => {
    expect(new Workbench().values.buffer.byteLength % 65_536).toBe(0);
    expect(new Workbench(false).values.buffer.byteLength % 65_536).not.toBe(0);
  });

  it('gives the bits of the plain loops, in sums and in quotients', () => {
    const [vectors, plain] = [new Workbench(), new Workbench(false)];
    const sites = fc.array(fc.tuple(values, weight), { minLength: 1, maxLength: 5 });
    fc.assert(
      fc.property(sites, (drawn) => {
        const length = Math.min(...drawn.map(([row]) => row.length));
        // What is no number has many bit patterns, and which one comes out nobody promises.
        const rows = drawn.map(([row]) =>
          row.slice(0, length).map((x) => (Number.isNaN(x) ? 0 : x)),
        );
        const weights = drawn.map(([, each]) => each);
        const expected = meanOf(plain, rows, weights);
        const isNumber = Array.from(expected, (x) => !Number.isNaN(x));
        const actual = meanOf(vectors, rows, weights);
        const pick = (all: Float64Array) => bitsOf(all.filter((_, i) => isNumber[i]));
        expect(pick(actual)).toBe(pick(expected));
      }),
    );
  });

  it('finds the largest magnitude, also where it is infinite or one is no number', () => {
    const [vectors, plain] = [new Workbench(), new Workbench(false)];
    fc.assert(
      fc.property(values, (row) => {
        const expected = row.some(Number.isNaN) ? Number.NaN : Math.max(...row.map(Math.abs));
        for (const bench of [vectors, plain]) {
          bench.values.fill(1e30);
          bench.values.set(row);
          expect(bench.magnitude(row.length)).toBe(expected);
        }
      }),
    );
  });

  it('takes a whole block, and nothing', () => {
    for (const bench of [new Workbench(), new Workbench(false)]) {
      bench.values.fill(-2);
      bench.clear(VALUES_PER_BLOCK);
      bench.addScaled(3, VALUES_PER_BLOCK);
      expect(new Set(bench.quotients(6, VALUES_PER_BLOCK))).toEqual(new Set([-1]));
      expect(bench.magnitude(VALUES_PER_BLOCK)).toBe(2);
      bench.addScaled(3, 0);
      expect(bench.quotients(1, 0)).toHaveLength(0);
      expect(bench.magnitude(0)).toBe(0);
    }
  });
});

describe('values that are read into a workbench', () => {
  const source = Float32Array.from({ length: 10 }, (_, i) => i);
  const read = async (_: string, from: number, to: number) => source.slice(from, to);

  it('come by the reader’s own way where it has one', async () => {
    const target = new Float32Array(8);
    await readInto({ read }, target, 'w', 2, 6);
    expect([...target]).toEqual([2, 3, 4, 5, 0, 0, 0, 0]);
    const lengths: number[] = [];
    const own = async (part: Float32Array) => void lengths.push(part.length);
    await readInto({ read, readInto: own }, target, 'w', 2, 6);
    expect(lengths).toEqual([4]);
  });

  it('are as many as were asked for', async () => {
    const short = async () => source.slice(0, 3);
    await expect(readInto({ read: short }, new Float32Array(8), 'w', 0, 4)).rejects.toThrow(
      'an accepted delta has the base model’s shapes',
    );
  });
});
