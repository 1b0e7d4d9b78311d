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
  const THREE = [3, 3, 3];
  /** The farthest that a call can say: anything made of it is beyond all memory. */
  const FAR = 2 ** 53 - 1;
  const conv = (x: number[], filter: number[], strides = ONES, padding = ONES, bias?: number[]) =>
    run(
      'conv3d',
      floats(...x),
      floats(...filter),
      bias === undefined ? null : floats(...bias),
      strides,
      padding,
      ScalarType.float32,
    );
  const inputGradient = (dy: number[], filter: number[], size: number[], strides = ONES) =>
    run(
      'conv3d_input_gradient',
      ...[floats(...dy), floats(...filter), null],
      ...[strides, ONES, size, ScalarType.float32],
    );
  const filterGradient = (
    x: number[],
    dy: number[],
    taps = THREE,
    strides = ONES,
    padding = ONES,
  ) =>
    run(
      'conv3d_filter_gradient',
      ...[floats(...x), floats(...dy), strides, padding, taps, ScalarType.float32],
    );

  const cases: Record<string, [() => unknown, RegExp]> = {
    'a short bias': [
      () => conv([1, 4, 4, 4, 2], [3, 3, 3, 2, 5], ONES, ONES, [3]),
      /bias \[3\] for 5 channels/,
    ],
    'a bias of more axes': [
      () => conv([1, 4, 4, 4, 2], [3, 3, 3, 2, 5], ONES, ONES, [1, 5]),
      /bias \[1, 5\] for 5 channels/,
    ],
    'a stride of zero': [() => conv([1, 4, 4, 4, 2], [3, 3, 3, 2, 5], NONE), /strides \[0, 0, 0\]/],
    'a stride that overflows': [
      () => conv([1, 4, 4, 4, 2], [3, 3, 3, 2, 5], [1, FAR, 1]),
      /cannot slide by strides \[1, 9007199254740991, 1\]/,
    ],
    'padding that overflows': [
      () => conv([1, 4, 4, 4, 2], [3, 3, 3, 2, 5], ONES, [1, 1, FAR]),
      /over padding \[1, 1, 9007199254740991\]/,
    ],
    'a filter that is larger than its volume': [
      () => conv([1, 4, 1, 4, 2], [3, 4, 3, 2, 5]),
      /larger than the padded volume \[1, 4, 1, 4, 2\]/,
    ],
    'other channels': [
      () => conv([1, 4, 4, 4, 3], [3, 3, 3, 2, 5]),
      /\[1, 4, 4, 4, 3\] with a filter \[3, 3, 3, 2, 5\]: the channels/,
    ],
    'a volume without axes enough': [
      () => conv([4, 4, 4, 2], [3, 3, 3, 2, 5]),
      /\[4, 4, 4, 2\] with/,
    ],
    'an empty batch': [() => conv([0, 4, 4, 4, 2], [3, 3, 3, 2, 5]), /an axis is empty/],
    'an empty volume': [() => conv([1, 4, 4, 0, 2], [3, 3, 3, 2, 5]), /an axis is empty/],
    'no channels': [() => conv([1, 4, 4, 4, 0], [3, 3, 3, 0, 5]), /an axis is empty/],
    'a filter of no channels': [() => conv([1, 4, 4, 4, 2], [3, 3, 3, 2, 0]), /an axis is empty/],
    'a filter of no taps': [() => conv([1, 4, 4, 4, 2], [3, 0, 3, 2, 5]), /an axis is empty/],
    'sums of channels without positions': [
      () => run('channel_sums', floats(3)),
      /no channels to sum in \[3\]/,
    ],
    'the gradient of an empty volume': [
      () => inputGradient([1, 4, 4, 4, 5], [3, 3, 3, 2, 5], [4, 0, 4]),
      /an axis is empty/,
    ],
    'a gradient with a stride that overflows': [
      () => inputGradient([1, 4, 4, 4, 5], [3, 3, 3, 2, 5], [4, 4, 4], [FAR, 1, 1]),
      /cannot slide by strides/,
    ],
    'the gradient of a volume of another size': [
      () => inputGradient([1, 4, 4, 4, 5], [3, 3, 3, 2, 5], [4, 9, 4]),
      /does not come of a filter \[3, 3, 3, 2, 5\] over \[1, 4, 9, 4, 2\]/,
    ],
    'the gradient of another batch': [
      () => filterGradient([1, 4, 4, 4, 2], [3, 4, 4, 4, 5]),
      /does not come of \[3, 4, 4, 4, 5\]/,
    ],
    'a gradient that is smaller than its result': [
      () => filterGradient([1, 4, 4, 4, 2], [1, 4, 4, 2, 5]),
      /does not come of \[1, 4, 4, 2, 5\]/,
    ],
    "an empty batch's gradient": [
      () => filterGradient([0, 4, 4, 4, 2], [0, 4, 4, 4, 5]),
      /an axis is empty/,
    ],
    'an empty gradient': [
      () => filterGradient([1, 4, 4, 4, 2], [1, 4, 4, 4, 0]),
      /an axis is empty/,
    ],
    'the gradient of no taps': [
      () => filterGradient([1, 4, 4, 4, 2], [1, 4, 4, 4, 5], [3, 3, 0]),
      /an axis is empty/,
    ],
    "the filter's gradient with a stride that overflows": [
      () => filterGradient([1, 4, 4, 4, 2], [1, 4, 4, 1, 5], THREE, [1, 1, FAR]),
      /cannot slide by strides/,
    ],
    'a filter with other axes than its strides': [
      () => run('convolution', floats(1, 2, 4, 4), floats(5, 2, 3, 3), ONES, ONES, ONES, 1),
      /does not slide over an image \[1, 2, 4, 4\]/,
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
    'slopes of more axes': [
      () => run('norm_prelu', floats(1, 2, 2, 2, 4), floats(1, 4), 4, 1e-5),
      /slopes \[1, 4\]/,
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
    'sums of another order': [
      () =>
        run(
          'norm_prelu_gradient',
          ...[floats(1, 2, 2, 2, 4), floats(1, 2, 2, 2, 4), floats(1, 4), floats(1, 4)],
          ...[floats(1), floats(1, 3, 4)],
        ),
      /sums of a norm are \[3, batch, channels\], not \[1, 3, 4\]/,
    ],
    'fewer labels than logits': [
      () => run('softmax_sums', floats(2, 4, 4, 4, 3), integers(2, 4, 4, 3)),
      /do not fit labels \[2, 4, 4, 3\]/,
    ],
    'labels that are no integers': [
      () => run('softmax_sums', floats(1, 4, 4, 4, 3), floats(1, 4, 4, 4)),
      /labels \[1, 4, 4, 4\], which are int32/,
    ],
    'sums of other classes': [
      () =>
        run(
          'softmax_sums_gradient',
          ...[floats(5, 1, 2), floats(1, 4, 4, 4, 3), integers(1, 4, 4, 4)],
        ),
      /sums of a softmax are \[5, batch, classes\], not \[5, 1, 2\]/,
    ],
    'a moment that is smaller than its weights': [
      () =>
        run(
          'adam',
          [floats(9)],
          [floats(9)],
          [floats(2)],
          [floats(9)],
          1e-3,
          0.9,
          0.999,
          1e-8,
          0,
          false,
          1,
        ),
      /weights \[9\] have no gradient or moment \[2\]/,
    ],
    'a step before the first': [
      () =>
        run(
          'adam',
          [floats(9)],
          [floats(9)],
          [floats(9)],
          [floats(9)],
          1e-3,
          0.9,
          0.999,
          1e-8,
          0,
          false,
          0,
        ),
      /from 1 on, not 0/,
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
    const sums = run('softmax_sums', floats(1, 1, 1, 4, 2), labels) as Handle;
    // Equal logits say ½ of each voxel; two of the four have a class.
    const [overlaps, probabilities, squares, counts] = [
      [0.5, 0.5],
      [2, 2],
      [1, 1],
      [1, 1],
    ];
    const logs = [Math.log(0.5), Math.log(0.5)].map(Math.fround);
    const expected = [overlaps, probabilities, squares, counts, logs].flat() as number[];
    expect([...native.toTypedArray(sums)]).toEqual(expected.map((sum) => expect.closeTo(sum, 6)));
  });

  it('takes means as they lie, transposed or expanded', () => {
    const aten = (operator: string, ...args: Argument[]) =>
      native.runOperator(native.resolveOperator(`aten::${operator}`), ...args) as Handle;
    const counted = (length: number, shape: number[]) =>
      native.fromTypedArray(
        Float32Array.from({ length }, (_, index) => ((index * 7) % 11) - 5),
        shape,
        ScalarType.float32,
        'cpu',
      );
    const [dy, x] = [counted(64, [2, 2, 2, 2, 4]), counted(64, [2, 2, 2, 2, 4])];
    const means = {
      transposed: aten('permute', counted(8, [4, 2]), [1, 0]),
      expanded: aten('expand', counted(4, [1, 4]), [2, 4]),
    };
    for (const mean of Object.values(means)) {
      const slopes = aten('expand', floats(1), [4]);
      const dense = aten('clone', mean, 0); // 0: contiguous
      const [sums, wanted] = [mean, dense].map(
        (each) => run('norm_prelu_sums', dy, x, each, each, slopes) as Handle,
      ) as [Handle, Handle];
      expect(native.toTypedArray(sums)).toEqual(native.toTypedArray(wanted));
      const turned = aten('permute', aten('clone', aten('permute', sums, [2, 1, 0]), 0), [2, 1, 0]);
      const gradients = [
        run('norm_prelu_gradient', dy, x, mean, mean, slopes, turned) as Handle,
        run('norm_prelu_gradient', dy, x, dense, dense, slopes, wanted) as Handle,
      ].map((gradient) => native.toTypedArray(gradient));
      expect(gradients[0]).toEqual(gradients[1]);
    }
  });
});
