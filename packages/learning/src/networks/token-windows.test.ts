import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { TEST_ENGINES } from '../testing/engines.js';
import { partitioned, reassembled, windowGrid } from './token-windows.js';

const VOLUME = [5, 4, 3] as const;
const CHANNELS = 2;
/** [batch, X, Y, Z, channels], every value another. */
const counting = () => {
  const shape = [2, ...VOLUME, CHANNELS] as const;
  return tf.reshape(tf.range(1, tf.util.sizeFromShape([...shape]) + 1), [...shape]) as tf.Tensor5D;
};
/** Of `counting`; 0 beyond the volume. */
function valueAt(batch: number, place: readonly number[], channel: number): number {
  const [x, y, z] = place as [number, number, number];
  if (place.some((at, axis) => at >= (VOLUME[axis] as number))) return 0;
  return (((batch * 5 + x) * 4 + y) * 3 + z) * CHANNELS + channel + 1;
}

describe('a grid of windows', () => {
  it('has whole windows, and one alone along an axis that is no longer', () => {
    expect(windowGrid([14, 7, 6], 7, true)).toMatchObject({
      ...{ window: [7, 7, 6], counts: [2, 1, 1], shift: [3, 0, 0] },
    });
    expect(windowGrid([15, 8, 9], [7, 4, 2], false)).toMatchObject({
      ...{ window: [7, 4, 2], counts: [3, 2, 5], shift: [0, 0, 0] },
    });
  });
});

describe.each(TEST_ENGINES)('windows on the $engine engine', ({ missing, start }) => {
  beforeAll(async () => {
    if (!missing) await start();
  });

  it.skipIf(missing).each([false, true])(
    'hold the tokens of their places: shifted %s',
    (shifted) => {
      const grid = windowGrid(VOLUME, [3, 2, 4], shifted);
      expect(grid).toMatchObject({ window: [3, 2, 3], counts: [2, 2, 1] });
      tf.tidy(() => {
        const windows = partitioned(counting(), grid).arraySync();
        expect(windows).toHaveLength(2 * 4);
        for (const [number, tokens] of windows.entries()) {
          const [batch, nx, ny] = [number >> 2, (number >> 1) & 1, number & 1];
          for (const [token, values] of tokens.entries()) {
            const within = [Math.floor(token / 6), Math.floor(token / 3) % 2, token % 3];
            const moved = [nx * 3, ny * 2, 0].map(
              (first, axis) => first + within[axis]! + grid.shift[axis]!,
            );
            const place = moved.map((at, axis) => at % (grid.counts[axis]! * grid.window[axis]!));
            expect(values).toEqual([0, 1].map((channel) => valueAt(batch, place, channel)));
          }
        }
      });
    },
  );

  it.skipIf(missing)('are put together to what they were cut out of, and so are gradients', () => {
    const grid = windowGrid(VOLUME, 3, true);
    tf.tidy(() => {
      const around = (x: tf.Tensor) => reassembled(partitioned(x as tf.Tensor5D, grid), grid);
      const { value, grad } = tf.valueAndGrad(around)(counting(), tf.mul(counting(), 2));
      expect(value.arraySync()).toEqual(counting().arraySync());
      expect(grad.arraySync()).toEqual(tf.mul(counting(), 2).arraySync());
    });
  });
});
