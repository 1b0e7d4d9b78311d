import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { windowGrid } from './token-windows.js';
import { relativePositionIndex, relativePositions, shiftMasks } from './window-terms.js';

beforeAll(async () => {
  await tf.setBackend('cpu');
});

/** Written down as loops over places. */
function places([x, y, z]: readonly [number, number, number]): [number, number, number][] {
  const along = (length: number) => Array.from({ length }, (_, at) => at);
  return along(x).flatMap((i) => along(y).flatMap((j) => along(z).map((k) => [i, j, k] as never)));
}

describe('the relative position of two tokens', () => {
  it('is one for each difference of their places, in the order of MONAI’s table', () => {
    const window = [3, 2, 4] as const;
    const tokens = places(window);
    const index = relativePositionIndex(window, tokens.length);
    expect(relativePositions(window)).toBe(5 * 3 * 7);
    tokens.forEach((from, i) => {
      tokens.forEach((to, j) => {
        const [x, y, z] = from.map((at, axis) => at - to[axis]! + window[axis]! - 1);
        expect(index[i * tokens.length + j]).toBe(x! * 21 + y! * 7 + z!);
      });
    });
  });

  it('is that of the first tokens where the volume is smaller than a window, as in MONAI', () => {
    const whole = relativePositionIndex([3, 3, 3], 27);
    const part = relativePositionIndex([3, 3, 3], 8);
    expect([...part]).toEqual(
      Array.from({ length: 64 }, (_, pair) => whole[Math.floor(pair / 8) * 27 + (pair % 8)]),
    );
  });
});

describe('the masks of shifted windows', () => {
  it('part tokens that are no neighbours in the volume, and no others', () => {
    const grid = windowGrid([6, 4, 3], [3, 2, 4], true);
    const masks = shiftMasks(grid)!;
    const values = masks.values.arraySync();
    // In which part of an axis a token stands, after the roll: the last `shift` are the volume's first.
    const isWrapped = (at: number, axis: number) =>
      at >= grid.counts[axis]! * grid.window[axis]! - grid.shift[axis]!;
    const windows = places(grid.counts);
    expect(masks.kinds).toHaveLength(windows.length);
    windows.forEach((window, number) => {
      const tokens = places(grid.window).map((token) =>
        token.map((at, axis) => isWrapped(window[axis]! * grid.window[axis]! + at, axis)),
      );
      const mask = tokens.map((a) => tokens.map((b) => (`${a}` === `${b}` ? 0 : -100)));
      const none = mask.map((row) => row.map(() => 0));
      expect([none, ...values][masks.kinds[number]!]).toEqual(mask);
    });
  });

  it('are none where no window is shifted', () => {
    expect(shiftMasks(windowGrid([6, 4, 3], 3, false))).toBeUndefined();
    expect(shiftMasks(windowGrid([3, 3, 3], 3, true))).toBeUndefined();
  });
});
