import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { registerTorchBackend, softmaxSums, torchAvailability } from '../index.js';

const upTo = (max: number) => fc.integer({ min: 1, max });
/** Of more classes than a vector has lanes, and of more voxels than are summed up at a time. */
const cases = fc.oneof(
  fc.record({ batch: upTo(3), size: fc.tuple(upTo(3), upTo(9), upTo(70)), classes: upTo(40) }),
  fc.record({
    batch: upTo(2),
    size: fc.tuple(upTo(3), fc.constant(70), upTo(70)),
    classes: upTo(4),
  }),
);

describe.skipIf(!torchAvailability().available)('sums of a softmax of any geometry', () => {
  beforeAll(() => registerTorchBackend({ threads: 2 }));

  /** All sums, and the gradient of a sum of them that weighs each otherwise. */
  async function on(engine: string, shape: [number, number, number, number, number]) {
    await tf.setBackend(engine);
    return tf.tidy(() => {
      const logits = tf.randomNormal<tf.Rank.R5>(shape, 0, 3, 'float32', 1);
      // Some labels are no class.
      const space = shape.slice(0, 4) as [number, number, number, number];
      const random = tf.randomUniform<tf.Rank.R4>(space, -1, shape[4] + 1, 'float32', 2);
      const labels = tf.cast(tf.floor(random), 'int32');
      const all = (x: tf.Tensor) => tf.stack(Object.values(softmaxSums(x as tf.Tensor5D, labels)));
      const weights = tf.randomNormal([5, shape[0], shape[4]], 0, 1, 'float32', 3);
      const { value, grad } = tf.valueAndGrad(all)(logits, weights);
      return { sums: [...value.dataSync()], gradient: [...grad.dataSync()] };
    });
  }

  it('are those of the same composed of tfjs’s own operations, and so are their gradients', async () => {
    await fc.assert(
      fc.asyncProperty(cases, async ({ batch, size, classes }) => {
        const shape: [number, number, number, number, number] = [batch, ...size, classes];
        const [ours, composed] = [await on('torch', shape), await on('cpu', shape)];
        ours.sums.forEach((sum, index) => {
          const expected = composed.sums[index] as number;
          expect(Math.abs(sum - expected)).toBeLessThanOrEqual(1e-3 + 1e-5 * Math.abs(expected));
        });
        ours.gradient.forEach((value, index) => {
          expect(Math.abs(value - (composed.gradient[index] as number))).toBeLessThan(1e-4);
        });
      }),
      { numRuns: 30 },
    );
  });
});
