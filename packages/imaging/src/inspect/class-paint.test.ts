import { describe, expect, it } from 'vitest';
import { paintOf } from './class-paint.js';

/** Every pattern's period divides it. */
const SIDE = 24;

/** A patch of a class's paint, from a place on. */
function patch(classIndex: number, fromX = 0, fromY = 0): string {
  return Array.from({ length: SIDE * SIDE }, (_, at) =>
    paintOf(classIndex, { x: fromX + (at % SIDE), y: fromY + Math.floor(at / SIDE) }).join('.'),
  ).join(' ');
}

/** Mean red, green and blue. */
function meanOf(classIndex: number): number[] {
  const sum = [0, 0, 0];
  for (let at = 0; at < SIDE * SIDE; at++) {
    const paint = paintOf(classIndex, { x: at % SIDE, y: Math.floor(at / SIDE) });
    for (const part of [0, 1, 2]) sum[part]! += paint[part]!;
  }
  return sum.map((each) => each / SIDE ** 2);
}

describe('the paint of classes', () => {
  it('is one colour each for seven, and the colours come again only under a pattern', () => {
    const isPlain = (classIndex: number) => new Set(patch(classIndex).split(' ')).size === 1;
    expect(Array.from({ length: 255 }, (_, at) => at + 1).filter(isPlain)).toEqual([
      1, 2, 3, 4, 5, 6, 7,
    ]);
  });

  it('differs between all 255 classes of a label map', () => {
    const patches = Array.from({ length: 255 }, (_, at) => patch(at + 1));
    expect(new Set(patches).size).toBe(255);
  });

  it('differs by more than where a pattern begins', () => {
    const ofOneColour = Array.from({ length: 37 }, (_, turn) => 1 + 7 * turn).filter(
      (classIndex) => classIndex <= 255,
    );
    const all = new Map(ofOneColour.map((classIndex) => [patch(classIndex), classIndex]));
    for (const classIndex of ofOneColour) {
      for (let shift = 1; shift < 64; shift++) {
        const same = all.get(patch(classIndex, shift % 8, Math.floor(shift / 8)));
        expect(same === undefined || same === classIndex).toBe(true);
      }
    }
  });

  it('stays apart for eyes without red or green cones, for seven classes on middling tissue', () => {
    // Viénot, Brettel and Mollon (1999), on linear RGB: what is left of a colour.
    const missing = {
      red: [0.11238, 0.88762, 0, 0.11238, 0.88762, 0, 0.00401, -0.00401, 1],
      green: [0.29275, 0.70725, 0, 0.29275, 0.70725, 0, -0.02234, 0.02234, 1],
    };
    const linear = (part: number) => (part / 255) ** 2.2;
    for (const matrix of Object.values(missing)) {
      const seen = [1, 2, 3, 4, 5, 6, 7].map((classIndex) => {
        const rgb = meanOf(classIndex).map(linear);
        return [0, 1, 2].map((row) =>
          rgb.reduce((sum, part, column) => sum + matrix[3 * row + column]! * part, 0),
        );
      });
      const gamma = (part: number) => 255 * Math.max(part, 0) ** (1 / 2.2);
      for (const [a, one] of seen.entries()) {
        for (const other of seen.slice(a + 1)) {
          const apart = Math.hypot(...one.map((part, at) => gamma(part) - gamma(other[at]!)));
          expect(apart).toBeGreaterThan(30);
        }
      }
    }
  });
});
