import { beforeAll, describe, expect, it } from 'vitest';
import { torchAvailability } from './index.js';
import { type Argument, type Handle, loadNative, type NativeTorch, ScalarType } from './native.js';

/**
 * What the operations of this package never hand to the operators, since they hold tensors to what fits;
 * whoever calls an operator itself must not read foreign memory either.
 */
describe.skipIf(!torchAvailability().available)('an operator of our own, called by itself', () => {
  let native: NativeTorch;
  beforeAll(() => {
    native = loadNative();
  });

  const size = (shape: readonly number[]) => shape.reduce((product, length) => product * length, 1);
  const floats = (...shape: number[]) =>
    native.fromTypedArray(new Float32Array(size(shape)), shape, ScalarType.float32, 'cpu');
  const integers = (...shape: number[]) =>
    native.fromTypedArray(new Int32Array(size(shape)), shape, ScalarType.int32, 'cpu');
  const run = (operator: string, ...args: Argument[]) =>
    native.runOperator(native.resolveOperator(`fedvox::${operator}`), ...args);

  const ONES = [1, 1, 1];
  const NONE = [0, 0, 0];
  const cases: Record<string, [() => unknown, RegExp]> = {
    'a short bias': [
      () => run('conv3d', floats(1, 4, 4, 4, 2), floats(3, 3, 3, 2, 5), floats(3), ONES, ONES, 6),
      /bias \[3\] for 5 channels/,
    ],
    'a stride of zero': [
      () => run('conv3d', floats(1, 4, 4, 4, 2), floats(3, 3, 3, 2, 5), null, NONE, ONES, 6),
      /strides \[0, 0, 0\]/,
    ],
    'the gradient of another batch': [
      () =>
        run(
          'conv3d_filter_gradient',
          floats(1, 4, 4, 4, 2),
          floats(3, 4, 4, 4, 5),
          ONES,
          ONES,
          [3, 3, 3],
          6,
        ),
      /does not come of \[3, 4, 4, 4, 5\]/,
    ],
    'groups that do not divide channels': [
      () => run('norm_prelu', floats(1, 2, 2, 2, 5), floats(1), 2, 1e-5),
      /\[1, 2, 2, 2, 5\] in 2 groups/,
    ],
    'nothing to norm': [
      () => run('norm_prelu', floats(0, 2, 2, 2, 5), floats(1), 5, 1e-5),
      /do not fit/,
    ],
    'slopes for other channels': [
      () => run('norm_prelu', floats(1, 2, 2, 2, 4), floats(3), 4, 1e-5),
      /slopes \[3\]/,
    ],
    'a gradient that is smaller than its values': [
      () =>
        run(
          'norm_prelu_sums',
          floats(1, 1, 1, 2, 4),
          floats(1, 2, 2, 2, 4),
          floats(1, 4),
          floats(1, 4),
          floats(1),
        ),
      /gradient \[1, 1, 1, 2, 4\]/,
    ],
    'fewer labels than logits': [
      () => run('dice_cross_entropy', floats(2, 4, 4, 4, 3), integers(2, 4, 4, 3), true, 1, 1),
      /do not fit labels \[2, 4, 4, 3\]/,
    ],
    'a moment that is smaller than its weights': [
      () =>
        run('adam', [floats(9)], [floats(9)], [floats(2)], [floats(9)], 1e-3, 0.9, 0.999, 1e-8, 1),
      /weights \[9\] have no gradient or moment \[2\]/,
    ],
  };

  it.each(Object.keys(cases))('refuses %s', (name) => {
    const [call, message] = cases[name] as [() => unknown, RegExp];
    expect(call).toThrow(message);
  });

  it('counts a label that is no class as none', () => {
    const labels = native.fromTypedArray(
      Int32Array.of(0, 5, -1, 1),
      [1, 1, 1, 4],
      ScalarType.int32,
      'cpu',
    );
    const [loss] = run('dice_cross_entropy', floats(1, 1, 1, 4, 2), labels, true, 0, 1) as Handle[];
    // Two voxels of four have a class, of which equal logits say ½.
    expect(native.toTypedArray(loss as Handle)[0]).toBeCloseTo(Math.LN2 / 2, 6);
  });
});
