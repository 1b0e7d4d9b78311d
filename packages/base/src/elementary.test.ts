import { describe, expect, it } from 'vitest';
import { sha256 } from './digest.js';
import { cosine, exponential, logarithm } from './elementary.js';
import { seededRandom } from './random.js';

const bits = new BigInt64Array(1);
const value = new Float64Array(bits.buffer);

/** A double's place among all of them, smaller ones before. */
function placeOf(x: number): bigint {
  value[0] = x;
  const place = bits[0] as bigint;
  return place < 0n ? -(place & 0x7fffffffffffffffn) : place;
}

/** How many doubles two lie apart; none where neither is a number. */
function apart(a: number, b: number): number {
  if (Number.isNaN(a) && Number.isNaN(b)) return 0;
  return Math.abs(Number(placeOf(a) - placeOf(b)));
}

/** The furthest that two functions lie apart, over arguments drawn from a range. */
function worst(ours: (x: number) => number, theirs: (x: number) => number, drawn: () => number) {
  const each = Array.from({ length: 20_000 }, drawn).map((x) => apart(ours(x), theirs(x)));
  return each.reduce((most, one) => Math.max(most, one), 0);
}

describe('elementary functions of our own', () => {
  const { uniform } = seededRandom('elementary');

  it('are within two units in the last place of those that JavaScript brings', () => {
    expect(worst(exponential, Math.exp, () => 1450 * uniform() - 745)).toBeLessThanOrEqual(2);
    expect(worst(exponential, Math.exp, () => 4 * uniform() - 2)).toBeLessThanOrEqual(2);
    expect(worst(logarithm, Math.log, () => 1 - uniform())).toBeLessThanOrEqual(2);
    expect(worst(logarithm, Math.log, () => 1 + 1e-6 * uniform())).toBeLessThanOrEqual(2);
    expect(worst(logarithm, Math.log, () => 2 ** (2000 * uniform() - 1000))).toBeLessThanOrEqual(2);
    expect(worst(cosine, Math.cos, () => 2 * Math.PI * uniform())).toBeLessThanOrEqual(2);
  });

  it('say what is beyond numbers as those do', () => {
    const { POSITIVE_INFINITY: most, MIN_VALUE, MAX_VALUE } = Number;
    for (const x of [0, -0, 1, 710, -746, 709.7, -745.1, most, -most, Number.NaN]) {
      expect(apart(exponential(x), Math.exp(x))).toBeLessThanOrEqual(2);
    }
    for (const x of [0, -0, 1, -1, MIN_VALUE, 2 ** -1022, MAX_VALUE, most, -most, Number.NaN]) {
      expect(apart(logarithm(x), Math.log(x))).toBeLessThanOrEqual(2);
    }
    for (const x of [0, Math.PI / 2, Math.PI, 1.5 * Math.PI, 2 * Math.PI]) {
      expect(cosine(x)).toBeCloseTo(Math.cos(x), 15);
    }
  });

  it('keep their bits: a change of one is another noise from the same seed', () => {
    const { uniform } = seededRandom('bits');
    const values = Array.from({ length: 3_000 }, () => {
      const x = uniform();
      return [exponential(40 * x - 30), logarithm(x), cosine(2 * Math.PI * x)];
    });
    expect(sha256(new Uint8Array(Float64Array.from(values.flat()).buffer))).toBe(
      'a910f0f33520b53d7ab61b113a42401a792f178bb54761cfddb238a084968f53',
    );
  });
});
